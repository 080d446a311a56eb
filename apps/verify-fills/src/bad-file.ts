/** A fills file that cannot be judged: which, where in it, and what to do. Ends the program with exit code 2. */
export class BadFile extends Error {
  override readonly name = 'BadFile';

  constructor(file: string, where: { readonly line?: number; readonly column?: string } | null, fault: string, cause?: unknown) {
    const line = where?.line === undefined ? '' : `:${where.line}`;
    const column = where?.column === undefined ? '' : ` column ${where.column}:`;
    super(`${file}${line}:${column} ${fault}`, cause === undefined ? undefined : { cause });
  }
}
