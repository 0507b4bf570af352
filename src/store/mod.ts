/**
 * The recipes for durable files. Each kind of write has one, so that a crash at any moment leaves old content or new,
 * never a part.
 *
 * @module
 */
export { type DatabaseKind, explainDamage, inTransaction, openDatabase, rollBack } from "./database.ts";
export { baseName, isAbsolutePath, joinPath, parentPath, resolvePath } from "./path.ts";
export { removeLeftovers, replaceFile, type ReplaceOptions, type StorePorts } from "./replace-file.ts";
export { JsonStateFile, type JsonStateFileInit } from "./json-state-file.ts";
export { WorkDirectory, type WorkDirectoryPaths, workDirectoryPaths } from "./work-directory.ts";
export { makeDurable } from "./make-durable.ts";
export { statIfThere } from "./stat-if-there.ts";
