import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { book } from './book.ts';
import { latency } from './latency.ts';
import { ledger } from './ledger.ts';
import { matching } from './matching.ts';
import type { Bench, Measure } from './measure.ts';
import { paperExchange } from './paper-exchange.ts';
import { recovery } from './recovery.ts';
import { signing } from './signing.ts';
import { table } from './table.ts';

const BENCHES: readonly Bench[] = [book, ledger, signing, matching, paperExchange, latency, recovery];
const NAMES = BENCHES.map(({ name }) => name).join(', ');

const USAGE = `npm run bench [-- options]

  --only NAME   one bench; may be given more than once: ${NAMES}
  --json        one JSON object on stdout instead of tables
  --help        this`;

interface Asked {
  readonly benches: readonly Bench[];
  readonly json: boolean;
  readonly help: boolean;
}

/** What the command line asks for; a string says what is wrong with it. */
function readArguments(args: readonly string[]): Asked | string {
  let values: { only?: string[]; json?: boolean; help?: boolean };
  try {
    const options = { only: { type: 'string', multiple: true }, json: { type: 'boolean' }, help: { type: 'boolean' } } as const;
    values = parseArgs({ args: [...args], options }).values;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const { only, json = false, help = false } = values;
  const strange = only?.find((name) => !BENCHES.some((bench) => bench.name === name));
  if (strange !== undefined) return `--only ${strange}: there is no such bench; choose from ${NAMES}`;
  return { benches: BENCHES.filter(({ name }) => only === undefined || only.includes(name)), json, help };
}

async function run({ benches, json }: Asked): Promise<void> {
  const machine = { node: process.version, cpu: cpus()[0]?.model.trim() ?? 'unknown', cores: cpus().length };
  if (!json) console.log(`Node ${machine.node}, ${machine.cores} × ${machine.cpu}. Medians; ratio = our time / bare time.\n`);
  const results: { readonly name: string; readonly title: string; readonly measures: readonly Measure[] }[] = [];
  for (const bench of benches) {
    const startedMs = performance.now();
    const measures = await bench.run();
    results.push({ name: bench.name, title: bench.title, measures });
    if (!json) console.log(table(bench, measures, (performance.now() - startedMs) / 1000));
  }
  if (json) console.log(JSON.stringify({ machine, benches: results }, null, 2));
}

const asked = readArguments(process.argv.slice(2));
if (typeof asked === 'string') {
  console.error(`${asked}\n\n${USAGE}`);
  process.exitCode = 2;
} else if (asked.help) console.log(USAGE);
else await run(asked);
