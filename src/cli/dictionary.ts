/**
 * An object without a prototype: looking a word of the command line up in it finds what was put in, never `constructor`
 * or `toString`.
 */
export function dictionary<Entries extends object>(entries: Entries): Entries {
  return Object.assign(Object.create(null) as Entries, entries);
}
