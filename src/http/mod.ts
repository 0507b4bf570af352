/** Everything about serving and calling HTTP that no feature owns alone. @module */
export * from "./types.ts";
