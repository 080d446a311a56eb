import { setTimeout as sleep } from 'node:timers/promises';
import { StoreError } from '@hyperfleet/store';
import { type ControlRow, NOT_TAKEN } from '@hyperfleet/trading';
import { type Desk, runningLine } from '../desk.ts';
import { table } from '../table.ts';

const LOOK_EVERY_MS = 50;
/** Closing waits for the venue; everything else is applied within one wake. */
const WAIT_MS = 30_000;

/**
 * Writes a command into `bot_controls` and waits for what came of it, bot by bot. Exit code 0 when every bot has done it,
 * 1 when one has not answered in time or has not taken it. Nobody answers while the fleet is not running: then the command stays in the queue.
 */
export async function command(desk: Desk, word: string): Promise<number> {
  const rows = give(desk, word);
  if (desk.running === null) {
    say(desk, rows, 'queued');
    desk.print(
      `${runningLine(desk)} ${word} waits in the queue; a fleet started more than 5 minutes from now ignores it as stale${/^(PAUSE|RESUME)$/.test(word) ? ', unless it is the last PAUSE or RESUME' : ''}.`,
    );
    return 0;
  }
  if (!desk.wait) {
    say(desk, rows, 'sent');
    return 0;
  }
  const untilMs = Date.now() + WAIT_MS;
  while (Date.now() < untilMs && !rows.every(({ row, bots }) => bots.every((bot) => desk.ledger.controlOutcomes(row.key).has(bot)))) {
    await sleep(LOOK_EVERY_MS);
  }
  const { late, notTaken } = say(desk, rows, 'no answer yet');
  if (late > 0)
    desk.print(`${late} bot(s) have not answered in ${WAIT_MS / 1_000} s; the command stays in the queue. See STATUS and the log.`);
  return late + notTaken > 0 ? 1 : 0;
}

interface Given {
  readonly row: ControlRow;
  readonly bots: readonly string[];
}

/** Writes the command. Throws an Error that says what to do where the database it goes through is damaged. */
function give(desk: Desk, word: string): readonly Given[] {
  try {
    if (desk.all) return [{ row: desk.queue().insertControl('ALL', word), bots: desk.bots }];
    return desk.bots.map((bot) => ({ row: desk.queue().insertControl(bot, word), bots: [bot] }));
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'corrupt') throw error;
    const meanwhile =
      desk.running === null
        ? ''
        : `, and no entry is made meanwhile; SIGTERM to process ${desk.running.pid} ends the fleet, its stops stay`;
    throw new Error(`${error.message}. ${word} goes through it and was not given${meanwhile}.`, { cause: error });
  }
}

/** Prints what came of it; returns how many bots have said nothing, and how many that they have not taken it. */
function say(desk: Desk, rows: readonly Given[], silent: string): { readonly late: number; readonly notTaken: number } {
  const outcomes = rows.flatMap(({ row, bots }) => {
    const heard = desk.ledger.controlOutcomes(row.key);
    return bots.map((bot) => ({ bot, command: row.command, outcome: heard.get(bot) ?? null }));
  });
  if (desk.json) desk.print(JSON.stringify({ running: desk.running !== null, outcomes }));
  else
    desk.print(
      table(
        ['BOT', 'COMMAND', 'OUTCOME'],
        outcomes.map(({ bot, command, outcome }) => [bot, command, outcome ?? silent]),
      ),
    );
  return {
    late: outcomes.filter(({ outcome }) => outcome === null).length,
    notTaken: outcomes.filter(({ outcome }) => outcome?.startsWith(NOT_TAKEN)).length,
  };
}
