/** What `--log` takes. */
export const LOG_FORMATS = ["json", "text"] as const;
/** What `--log-level` takes. */
export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
