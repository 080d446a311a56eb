#!/usr/bin/env node
/** `npx admin_controls TARGET VERB`: look at the fleet and steer it, whether it runs or not. */
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Fleet, listProblems, loadFleetConfig, nearName, resolveFleet } from '@hyperfleet/config';
import { type Desk, openDesk } from './desk.ts';
import { resolveTarget } from './target.ts';
import { acknowledge } from './verbs/acknowledge.ts';
import { closeAll } from './verbs/close-all.ts';
import { orders } from './verbs/orders.ts';
import { pause } from './verbs/pause.ts';
import { positions } from './verbs/positions.ts';
import { resume } from './verbs/resume.ts';
import { status } from './verbs/status.ts';

const VERBS: Readonly<Record<string, (desk: Desk) => number | Promise<number>>> = {
  STATUS: status,
  POSITIONS: positions,
  ORDERS: orders,
  PAUSE: pause,
  RESUME: resume,
  CLOSE_ALL: closeAll,
  ACKNOWLEDGE: acknowledge,
};

const USAGE = `npx admin_controls TARGET VERB [--json] [--no-wait] [--foreign] [--data-dir DIR] [--config FILE]

TARGET  a bot's id, the beginning of one, or ALL (case does not matter)
VERB    STATUS | POSITIONS | ORDERS           what is
        PAUSE | RESUME                        no new entries | entries again
        CLOSE_ALL [--foreign]                 cancel every order, close every position, stay paused
        ACKNOWLEDGE                           take differences between venue and books as they are
--foreign  CLOSE_ALL also touches orders and positions that are not the fleet's
--no-wait  do not wait for the outcome of a command`;

/** Where npm runs it from the project, and where `npm start` looks too. */
const DEFAULT_CONFIG = 'fleet.config.ts';

class UsageError extends Error {}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        'no-wait': { type: 'boolean', default: false },
        foreign: { type: 'boolean', default: false },
        'data-dir': { type: 'string' },
        config: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

async function readFleet(path: string, dataDir: string | null): Promise<Fleet> {
  const loaded = await loadFleetConfig(path);
  if (loaded.kind === 'errors') throw new UsageError(listProblems(loaded.errors));
  // Whoever steers the fleet signs nothing: the keys are in the fleet's environment, not in this one.
  const resolved = resolveFleet(loaded.options, null, { dataDir });
  if (resolved.kind === 'errors') throw new UsageError(listProblems(resolved.errors));
  return resolved.fleet;
}

function noVerb(text: string): string {
  const verbs = Object.keys(VERBS);
  const near = nearName(text, verbs);
  return `"${text}" is no verb${near === null ? '' : `, did you mean ${near}?`}; the verbs are ${verbs.join(', ')}`;
}

async function main(): Promise<number> {
  const { values, positionals } = readArguments();
  const print = (line: string): void => {
    process.stdout.write(`${line}\n`);
  };
  if (values.help) {
    print(USAGE);
    return 0;
  }
  const [targetText, verbText, ...more] = positionals;
  if (targetText === undefined || verbText === undefined || more.length > 0) {
    throw new UsageError(`a target and a verb are needed${more.length > 0 ? '; put a bot id with blanks in quotes' : ''}`);
  }
  const verb = VERBS[verbText.toUpperCase().replaceAll('-', '_')];
  if (verb === undefined) throw new UsageError(noVerb(verbText));
  if (values.foreign && verb !== closeAll) throw new UsageError('--foreign goes with CLOSE_ALL only');
  const fleet = await readFleet(values.config ?? DEFAULT_CONFIG, values['data-dir'] ?? null);
  const target = resolveTarget(
    targetText,
    fleet.bots.map((bot) => bot.id),
  );
  if (target.kind === 'error') throw new UsageError(target.reason);
  const { dataDir, signalsDb } = fleet;
  if (!existsSync(dataDir)) throw new UsageError(`there is no directory ${dataDir}; name the fleet's with --data-dir`);
  const { json, foreign } = values;
  const desk = openDesk({ dataDir, signalsDb }, { bots: target.bots, all: target.all, json, foreign, wait: !values['no-wait'], print });
  try {
    return await verb(desk);
  } finally {
    desk.close();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(error instanceof UsageError ? `${message}\n\n${USAGE}\n` : `${message}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
