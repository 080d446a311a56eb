/**
 * Compares what two venues say by its shape: field names in their order, JSON types, the form of numbers in text, and where
 * null may stand. Values are no part of it.
 */

/** What is known of the values at one place of a message. */
export interface Shape {
  /** null, boolean, number, decimal ("1.0"), digits ("12"), hex, text, object, array. */
  readonly kinds: Set<string>;
  /** Fields by name, of all objects seen here. */
  readonly fields: Map<string, Shape>;
  /** The orders in which objects here had their fields. */
  readonly orders: (readonly string[])[];
  /** Elements of all arrays seen here. */
  items: Shape | null;
}

const emptyShape = (): Shape => ({ kinds: new Set(), fields: new Map(), orders: [], items: null });

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value !== 'string') return typeof value;
  // At least one decimal, and no zeros after the first (PROTOCOL §5).
  if (/^-?\d+\.(0|\d*[1-9])$/.test(value)) return 'decimal';
  if (/^-?\d+(\.\d*)?$/.test(value)) return 'digits';
  return /^0x[0-9a-f]+$/.test(value) ? 'hex' : 'text';
}

function add(shape: Shape, value: unknown): void {
  shape.kinds.add(kindOf(value));
  if (Array.isArray(value)) {
    shape.items ??= emptyShape();
    for (const item of value) add(shape.items, item);
  } else if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value);
    shape.orders.push(entries.map(([key]) => key));
    for (const [key, inner] of entries) {
      const field = shape.fields.get(key) ?? emptyShape();
      shape.fields.set(key, field);
      add(field, inner);
    }
  }
}

/** The shape of several bodies of one kind. */
export function shapeOf(bodies: readonly unknown[]): Shape {
  const shape = emptyShape();
  for (const body of bodies) add(shape, body);
  return shape;
}

export interface Rules {
  /** Fields that need not be found in ours, or only as null: nothing of their kind is here. */
  readonly notHere: ReadonlySet<string>;
  /** Fields ours may have although no sample shows them, or shows them as null only. */
  readonly known: ReadonlySet<string>;
  /** Objects whose keys are data, such as coins: told by the field they stand in; '' for the body itself. */
  readonly maps: ReadonlySet<string>;
  /** Samples somebody has edited: names and JSON types are judged, not order and not the form of numbers. */
  readonly edited: boolean;
}

const loose = (kinds: ReadonlySet<string>): Set<string> =>
  new Set([...kinds].map((kind) => (['decimal', 'digits', 'hex', 'text'].includes(kind) ? 'string' : kind)));

/** Kinds of `these` that `those` never has; null may stand for anything a sample leaves out. */
function strange(these: ReadonlySet<string>, those: ReadonlySet<string>, edited: boolean): string[] {
  const [a, b] = edited ? [loose(these), loose(those)] : [these, those];
  return [...a].filter((kind) => kind !== 'null' && !b.has(kind));
}

const fieldOf = (path: string): string => path.slice(path.lastIndexOf('.') + 1);

/**
 * What a sample has that ours has not: fields, kinds of value, the order of fields. Empty when ours is of the same shape as far
 * as the sample shows. `path` names the place in the differences.
 */
export function missing(sample: Shape, ours: Shape, rules: Rules, path = ''): string[] {
  const found = rules.notHere.has(fieldOf(path))
    ? []
    : strange(sample.kinds, ours.kinds, rules.edited).map((kind) => `${path || 'body'}: the venue has ${kind}, ours ${[...ours.kinds]}`);
  if (sample.items !== null && ours.items !== null && ours.items.kinds.size > 0 && sample.items.kinds.size > 0)
    found.push(...missing(sample.items, ours.items, rules, `${path}[]`));
  if (rules.maps.has(fieldOf(path))) return found;
  for (const [key, field] of sample.fields) {
    const own = ours.fields.get(key);
    const at = path === '' ? key : `${path}.${key}`;
    if (own !== undefined) found.push(...missing(field, own, rules, at));
    else if (!rules.notHere.has(key) && ours.orders.length > 0) found.push(`${at}: not in ours`);
  }
  if (!rules.edited) found.push(...disorder(sample, ours, path));
  return found;
}

/** Shared fields that stand in another order in ours than in the sample. */
function disorder(sample: Shape, ours: Shape, path: string): string[] {
  for (const theirs of sample.orders) {
    for (const own of ours.orders) {
      const shared = theirs.filter((key) => own.includes(key));
      const order = own.filter((key) => theirs.includes(key));
      if (shared.join() !== order.join()) return [`${path || 'body'}: the venue writes ${shared.join(' ')}, ours ${order.join(' ')}`];
    }
  }
  return [];
}

/** What ours has that no sample has: fields the venue is not known to write, and kinds of value it does not. */
export function invented(ours: Shape, samples: Shape, rules: Rules, path = ''): string[] {
  if (samples.kinds.size === 0) return [];
  const found = rules.known.has(fieldOf(path))
    ? []
    : strange(ours.kinds, samples.kinds, rules.edited).map(
        (kind) => `${path || 'body'}: ours has ${kind}, the venue ${[...samples.kinds]}`,
      );
  if (ours.items !== null && samples.items !== null) found.push(...invented(ours.items, samples.items, rules, `${path}[]`));
  if (rules.maps.has(fieldOf(path))) return found;
  for (const [key, field] of ours.fields) {
    const theirs = samples.fields.get(key);
    const at = path === '' ? key : `${path}.${key}`;
    if (theirs !== undefined) found.push(...invented(field, theirs, rules, at));
    else if (!rules.known.has(key)) found.push(`${at}: not in any sample`);
  }
  return found;
}
