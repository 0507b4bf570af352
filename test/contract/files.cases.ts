/** Hunts: bytes lost by short writes or wrong offsets, replacements that are not atomic, errors without a code of ours. */
import assert from "node:assert/strict";
import type { ContractCase, ContractContext } from "./case.ts";
import { bytesOf, rejectsWith, textOf, until } from "./helpers.ts";

const READ_MAX = 16 * 1024 * 1024;

async function put(context: ContractContext, path: string, text: string): Promise<void> {
  const handle = await context.runtime.files.open(path, "create");
  await handle.write(bytesOf(text));
  await handle.close();
}

async function get(context: ContractContext, path: string): Promise<string> {
  return textOf(await context.runtime.files.read(path, READ_MAX));
}

const writing: readonly Omit<ContractCase, "capability">[] = [
  {
    name: "append adds to the end, whatever is there already",
    async run(context) {
      const path = context.path("log");
      for (const text of ["one\n", "two\n"]) {
        const handle = await context.runtime.files.open(path, "append");
        await handle.write(bytesOf(text));
        await handle.write(bytesOf(text));
        await handle.syncData();
        await handle.close();
      }
      assert.equal(await get(context, path), "one\none\ntwo\ntwo\n");
    },
  },
  {
    name: "syncData of one who is alone with it goes on after many quick ones, and rejects once the file is closed",
    async run(context) {
      const path = context.path("log");
      const handle = await context.runtime.files.open(path, "append");
      for (let count = 0; count < 40; count++) {
        await handle.write(bytesOf("x"));
        await handle.syncData({ isAlone: true });
      }
      await handle.close();
      await rejectsWith(handle.syncData({ isAlone: true }), "IO_ERROR");
      assert.equal(await get(context, path), "x".repeat(40));
    },
  },
  {
    name: "append goes to the end after a read from the start",
    async run(context) {
      const handle = await context.runtime.files.open(context.path("log"), "append");
      await handle.write(bytesOf("abcdef"));
      assert.equal(textOf(await handle.readAt(0, 3)), "abc");
      await handle.write(bytesOf("ghi"));
      assert.equal(textOf(await handle.readAt(0, 100)), "abcdefghi");
      await handle.close();
    },
  },
  {
    name: "write takes eight mebibytes at once and keeps writes given together in order",
    async run(context) {
      const large = new Uint8Array(8 * 1024 * 1024).map((_byte, index) => index % 251);
      const handle = await context.runtime.files.open(context.path("large"), "create");
      await Promise.all([handle.write(bytesOf("head")), handle.write(large), handle.write(bytesOf("tail"))]);
      await handle.sync();
      assert.equal((await handle.stat()).sizeBytes, large.length + 8);
      await handle.close();
      const read = await context.runtime.files.read(context.path("large"), READ_MAX);
      assert.equal(textOf(read.subarray(0, 4)), "head");
      assert.equal(textOf(read.subarray(-4)), "tail");
      assert.ok(large.every((byte, index) => read[index + 4] === byte), "every byte in its place");
    },
  },
  {
    name: "create truncates, modify writes over the start and truncate cuts",
    async run(context) {
      const path = context.path("file");
      await put(context, path, "a long first content");
      await put(context, path, "second content");
      assert.equal(await get(context, path), "second content");
      const handle = await context.runtime.files.open(path, "modify");
      await handle.write(bytesOf("SEC"));
      await handle.write(bytesOf("OND"));
      assert.equal(textOf(await handle.readAt(0, 8)), "SECOND c");
      await handle.truncate(6);
      await handle.close();
      assert.equal(await get(context, path), "SECOND");
    },
  },
  {
    name: "createNew makes a file with the wanted mode and refuses one that exists",
    async run(context) {
      const path = context.path("new");
      const handle = await context.runtime.files.open(path, "createNew", { mode: 0o600 });
      await handle.close();
      const { mode } = await context.runtime.files.stat(path);
      if (mode !== undefined) assert.equal(mode, 0o600);
      await rejectsWith(context.runtime.files.open(path, "createNew"), "FILE_EXISTS");
    },
  },
  {
    name: "rename replaces a file at once, seen whole by whoever reads",
    async run(context) {
      const { files } = context.runtime;
      const target = context.path("target");
      await put(context, target, "old".repeat(1000));
      const before = await files.stat(target);
      const reader = await files.open(target, "read");
      await put(context, context.path("target.new"), "new".repeat(1000));
      await files.rename(context.path("target.new"), target);
      await files.syncDirectory(context.directory);
      assert.equal(await get(context, target), "new".repeat(1000));
      assert.equal(textOf(await reader.readAt(0, 3)), "old", "an open handle keeps the file it opened");
      await reader.close();
      const after = await files.stat(target);
      if (before.fileId !== 0) assert.notEqual(after.fileId, before.fileId);
      assert.deepEqual(await files.list(context.directory), ["target"]);
    },
  },
  {
    name: "write finds the disk full with DISK_FULL",
    async run(context) {
      const handle = await context.runtime.files.open(context.fullFile, "modify");
      await rejectsWith(handle.write(bytesOf("no room")), "DISK_FULL");
      await handle.close();
    },
  },
  {
    name: "a closed handle rejects with IO_ERROR and closes again",
    async run(context) {
      const handle = await context.runtime.files.open(context.path("file"), "create");
      await handle.close();
      await handle.close();
      await rejectsWith(handle.write(bytesOf("x")), "IO_ERROR");
      await rejectsWith(handle.readAt(0, 1), "IO_ERROR");
      await rejectsWith(handle.syncData(), "IO_ERROR");
      await rejectsWith(handle.sync(), "IO_ERROR");
      await rejectsWith(handle.truncate(0), "IO_ERROR");
      await rejectsWith(handle.stat(), "IO_ERROR");
    },
  },
];

const reading: readonly Omit<ContractCase, "capability">[] = [
  {
    name: "read gives a file of exactly maxBytes and refuses one byte more",
    async run(context) {
      const path = context.path("file");
      await put(context, path, "x".repeat(100_000));
      assert.equal((await context.runtime.files.read(path, 100_000)).length, 100_000);
      await rejectsWith(context.runtime.files.read(path, 99_999), "BODY_TOO_LARGE");
      await put(context, context.path("empty"), "");
      assert.equal((await context.runtime.files.read(context.path("empty"), 0)).length, 0);
    },
  },
  {
    name: "readAt gives fewer bytes only at the end of the file",
    async run(context) {
      await put(context, context.path("file"), "0123456789");
      const handle = await context.runtime.files.open(context.path("file"), "read");
      assert.equal(textOf(await handle.readAt(3, 4)), "3456");
      assert.equal(textOf(await handle.readAt(8, 4)), "89");
      assert.equal((await handle.readAt(20, 4)).length, 0);
      const [late, early] = await Promise.all([handle.readAt(6, 2), handle.readAt(0, 2)]);
      assert.equal(textOf(late) + textOf(early), "6701");
      await handle.close();
    },
  },
  {
    name: "stat tells files from directories",
    async run(context) {
      const { files, clock } = context.runtime;
      await put(context, context.path("file"), "12345");
      const file = await files.stat(context.path("file"));
      assert.equal(file.kind, "file");
      assert.equal(file.sizeBytes, 5);
      assert.ok(Math.abs(file.modifiedAtMs - clock.wallMs()) < 60_000, "modified just now");
      assert.equal((await files.stat(context.directory)).kind, "directory");
    },
  },
  {
    name: "list gives sorted names and makeDirectory makes parents",
    async run(context) {
      const { files } = context.runtime;
      await files.makeDirectory(context.path("b", "c"));
      await files.makeDirectory(context.path("b", "c"));
      await files.makeDirectory(context.path("private"), { mode: 0o700 });
      await put(context, context.path("z"), "");
      await put(context, context.path("a"), "");
      assert.deepEqual(await files.list(context.directory), ["a", "b", "private", "z"]);
      assert.deepEqual(await files.list(context.path("b")), ["c"]);
      const { mode } = await files.stat(context.path("private"));
      if (mode !== undefined) assert.equal(mode, 0o700);
    },
  },
  {
    name: "setMode and setOwner change what stat tells",
    async run(context) {
      const { files } = context.runtime;
      const path = context.path("file");
      await put(context, path, "");
      const { mode, userId, groupId } = await files.stat(path);
      if (mode === undefined || userId === undefined || groupId === undefined) return;
      await files.setMode(path, 0o640);
      await files.setOwner(path, userId, groupId);
      assert.equal((await files.stat(path)).mode, 0o640);
    },
  },
  {
    name: "what is missing is FILE_NOT_FOUND for every call",
    async run(context) {
      const { files } = context.runtime;
      const missing = context.path("missing");
      await rejectsWith(files.read(missing, 1), "FILE_NOT_FOUND");
      await rejectsWith(files.open(missing, "read"), "FILE_NOT_FOUND");
      await rejectsWith(files.open(missing, "modify"), "FILE_NOT_FOUND");
      await rejectsWith(files.open(context.path("missing", "file"), "append"), "FILE_NOT_FOUND");
      await rejectsWith(files.stat(missing), "FILE_NOT_FOUND");
      await rejectsWith(files.list(missing), "FILE_NOT_FOUND");
      await rejectsWith(files.remove(missing), "FILE_NOT_FOUND");
      await rejectsWith(files.rename(missing, context.path("other")), "FILE_NOT_FOUND");
      await rejectsWith(files.setMode(missing, 0o600), "FILE_NOT_FOUND");
      await rejectsWith(files.syncDirectory(missing), "FILE_NOT_FOUND");
      await rejectsWith(files.freeSpace(missing), "FILE_NOT_FOUND");
      await rejectsWith(files.lock(context.path("missing", "lock")), "FILE_NOT_FOUND");
    },
  },
  {
    name: "a file where a directory is wanted, and the other way round, have their codes",
    async run(context) {
      const { files } = context.runtime;
      await put(context, context.path("file"), "");
      await files.makeDirectory(context.path("directory"));
      await rejectsWith(files.list(context.path("file")), "NOT_A_DIRECTORY");
      await rejectsWith(files.open(context.path("file", "inside"), "append"), "NOT_A_DIRECTORY");
      await rejectsWith(files.read(context.path("directory"), 10), "IS_A_DIRECTORY");
      await rejectsWith(files.open(context.path("directory"), "append"), "IS_A_DIRECTORY");
      await rejectsWith(files.remove(context.path("directory")), "IS_A_DIRECTORY", "PERMISSION_DENIED");
      await rejectsWith(files.makeDirectory(context.path("file")), "FILE_EXISTS");
    },
  },
  {
    name: "remove removes a file",
    async run(context) {
      await put(context, context.path("file"), "");
      await context.runtime.files.remove(context.path("file"));
      assert.deepEqual(await context.runtime.files.list(context.directory), []);
    },
  },
  {
    name: "removeDirectory removes an empty directory and nothing else",
    async run(context) {
      const { files } = context.runtime;
      const [directory, file] = [context.path("directory"), context.path("directory", "file")];
      await files.makeDirectory(directory);
      await put(context, file, "");
      await rejectsWith(files.removeDirectory(directory), "FILE_EXISTS");
      await rejectsWith(files.removeDirectory(file), "NOT_A_DIRECTORY");
      await files.remove(file);
      await files.removeDirectory(directory);
      assert.deepEqual(await files.list(context.directory), []);
      await rejectsWith(files.removeDirectory(directory), "FILE_NOT_FOUND");
    },
  },
  {
    name: "freeSpace gives sensible numbers",
    async run(context) {
      const { freeBytes, totalBytes } = await context.runtime.files.freeSpace(context.directory);
      assert.ok(freeBytes > 0 && freeBytes <= totalBytes, `${freeBytes} of ${totalBytes}`);
    },
  },
];

async function seesChange(context: ContractContext, path: string, change: () => Promise<void>): Promise<void> {
  let calls = 0;
  const watcher = context.runtime.files.watch(path, () => calls++);
  assert.equal(watcher.isSilent, false);
  await change();
  await until(context.runtime.clock, 3_000, "a change of the watched file is reported", () => calls > 0);
  watcher.close();
  watcher.close();
}

const watching: readonly Omit<ContractCase, "capability">[] = [
  {
    name: "watch sees a file that does not exist yet",
    run: (context) => seesChange(context, context.path("later"), () => put(context, context.path("later"), "here")),
  },
  {
    name: "watch sees a file replaced by rename, and its change after that",
    async run(context) {
      const path = context.path("config");
      await put(context, path, "one");
      await put(context, context.path("config.new"), "two");
      await seesChange(context, path, () => context.runtime.files.rename(context.path("config.new"), path));
      await seesChange(context, path, () => put(context, path, "three"));
    },
  },
  {
    name: "watch sees a change in a directory where others write all the time",
    async run(context) {
      const path = context.path("quiet");
      const noise = await context.runtime.files.open(context.path("noise"), "append");
      let calls = 0;
      const watcher = context.runtime.files.watch(path, () => calls++);
      const { clock } = context.runtime;
      const makeNoise = () => noise.write(bytesOf("x"));
      for (let count = 0; count < 200; count++) {
        await makeNoise();
        await new Promise<void>((done) => clock.nextTurn(done));
      }
      const callsBefore = calls;
      await put(context, path, "here");
      await until(clock, 3_000, "a change of the watched file is reported", () => {
        void makeNoise();
        return calls > callsBefore;
      });
      watcher.close();
      await noise.close();
    },
  },
  {
    name: "watch sees what happens in a directory",
    run: (context) => seesChange(context, context.directory, () => put(context, context.path("any"), "x")),
  },
  {
    name: "watch on a directory that does not exist stays silent",
    run(context) {
      const watcher = context.runtime.files.watch(
        context.path("no", "such", "file"),
        () => assert.fail("nothing changed"),
      );
      watcher.close();
    },
  },
];

const locking: readonly Omit<ContractCase, "capability">[] = [
  {
    name: "lock refuses a second holder in this process until it is released",
    async run(context) {
      const { files } = context.runtime;
      const lock = await files.lock(context.path("lock"));
      await rejectsWith(files.lock(context.path("lock")), "LOCK_HELD");
      await lock.release();
      await lock.release();
      const again = await files.lock(context.path("lock"));
      await again.release();
      assert.deepEqual(await files.list(context.directory), ["lock"], "no debris");
      assert.equal((await files.stat(context.path("lock"))).sizeBytes, 0);
    },
  },
  {
    name: "lock held by another process is refused, and free once that is killed",
    async run(context) {
      const { files } = context.runtime;
      const holder = await context.start("hold-lock", { arguments: [context.path("lock")] });
      assert.equal(await holder.line(), "held");
      await rejectsWith(files.lock(context.path("lock")), "LOCK_HELD");
      holder.kill("SIGKILL");
      await holder.ended;
      const lock = await files.lock(context.path("lock"));
      const other = await context.start("hold-lock", { arguments: [context.path("lock")] });
      assert.equal(await other.line(), "LOCK_HELD");
      assert.deepEqual(await other.ended, { code: 0 });
      await lock.release();
    },
  },
  {
    name: "lock on a directory is IS_A_DIRECTORY and on a file with content IO_ERROR",
    async run(context) {
      await context.runtime.files.makeDirectory(context.path("directory"));
      await put(
        context,
        context.path("content"),
        "this is no lock file, and long enough to be taken for something else",
      );
      await rejectsWith(context.runtime.files.lock(context.path("directory")), "IS_A_DIRECTORY");
      await rejectsWith(context.runtime.files.lock(context.path("content")), "IO_ERROR");
    },
  },
];

export const FILES_CASES: readonly ContractCase[] = [...writing, ...reading, ...watching, ...locking]
  .map((one) => ({ capability: "files", ...one }));
