/** What is printed where a tool's command line cannot be read, and on `--help`. */

/** Reads the command line. What it throws is told with the usage, and ends the program with 2; `--help` shows the usage and ends it with 0. */
export function readOrExplain<T>(usage: string, read: () => T): T {
  if (process.argv.slice(2).includes('--help')) {
    console.log(usage);
    process.exit(0);
  }
  try {
    return read();
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    process.exit(2);
  }
}
