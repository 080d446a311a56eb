import { accessSync, constants, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { StoreError } from '@hyperfleet/store';
import type { Options } from '../argv.ts';
import { paintFor } from '../board/paint.ts';
import { type Board, openLines, openScreen } from '../board/screen.ts';
import type { ClockMapping } from '../clock.ts';
import { type Feeding, startFeeding } from '../feed/feeding.ts';
import { summaryLines } from '../report/summary.ts';
import { type Ending, endFleet, writeReport } from './ending.ts';
import { type House, openHouse } from './house.ts';
import { isIdle } from './idle.ts';
import { lostSentence } from './lost-trades.ts';
import { StartGivenUp } from './paper-venue.ts';
import { makePlan, PlanError } from './plan.ts';
import { openMarket, type RunningFleet, startFleet } from './running.ts';
import { writeStatus } from './status-file.ts';
import { planSentence, planStreams } from './stream-plan.ts';
import { createCalm } from './troubles.ts';

/** Exit codes of the fleet. */
export const EXIT = { well: 0, misused: 2, needsPerson: 3 } as const;

/** Wall time between looks. */
const EVERY_MS = { frame: 250, status: 1_000, wake: 20, idle: 100 } as const;

/** What a terminal, a pipe or a test gives the fleet to speak through. */
export interface Surroundings {
  readonly out: NodeJS.WriteStream;
  readonly err: { write(text: string): unknown };
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Resolves with why the fleet is to stop, when somebody asks. */
  readonly asked: Promise<string>;
}

/** Runs a fleet from its command line to its end. Resolves with the exit code; every code but 0 has said why on stderr. */
export async function runFleet(options: Options, around: Surroundings): Promise<number> {
  if (options.report !== null) checkWritable(options.report);
  const plan = await makePlan(options);
  // What one IP may not ask is said before anything is opened.
  planStreams(plan.bots.length, plan.fleet.reconcileIntervalMs);
  const house = await openHouse(plan, around.asked);
  const paint = paintFor(around.out, around.env);
  const board = around.out.isTTY === true ? openScreen(around.out, paint) : openLines(around.out, paint);
  try {
    house.log.info('fleet starts', { dataDir: plan.fleet.dataDir, speed: plan.fleet.speed, bots: plan.bots.map(({ id }) => id) });
    const { ending, why } = await live(house, board, options, around);
    board.close();
    const { report } = ending;
    if (report !== null) {
      if (options.report !== null) writeReport(options.report, report);
      around.out.write(`${summaryLines(report, paint).join('\n')}\n`);
    }
    around.err.write(`The fleet stopped: ${why}.\n`);
    if (house.beginMs >= plan.recording.endMs) {
      around.err.write(`${plan.fleet.dataDir} had come to the end of its recording before: remove it, or name another with --data-dir.\n`);
    }
    for (const trouble of ending.troubles) around.err.write(`NEEDS A PERSON: ${trouble}\n`);
    house.log.info('fleet stopped', { why, troubles: ending.troubles });
    return ending.troubles.length === 0 ? EXIT.well : EXIT.needsPerson;
  } catch (error) {
    if (error instanceof StartGivenUp) {
      board.close();
      around.err.write(`The fleet stopped: ${error.message}, before a bot was started.\n`);
      return EXIT.well;
    }
    // The plan was right and the directory opened: what a database does to us from here on is no misuse.
    if (!(error instanceof StoreError)) throw error;
    board.close();
    around.err.write(`NEEDS A PERSON: the run was given up: ${error.message}. Protective stops rest at the venue.\n`);
    return EXIT.needsPerson;
  } finally {
    board.close();
    house.close();
  }
}

function checkWritable(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true)
    throw new PlanError(`--report ${path} is a directory: name a file in it`);
  try {
    accessSync(dirname(path), constants.W_OK);
  } catch {
    throw new PlanError(`--report ${path}: its directory is missing or cannot be written`);
  }
}

/** From the start of the first worker to the end of the last. */
async function live(house: House, board: Board, options: Options, around: Surroundings): Promise<{ ending: Ending; why: string }> {
  const over = Promise.withResolvers<{ why: string; settle: boolean }>();
  const begun = Promise.withResolvers<void>();
  let isOver = false;
  void around.asked.then((why) => over.resolve({ why, settle: false }));
  const running = await startFleet(house, board, {
    // On a directory whose recording is over it has ended before anybody is at his place.
    onMarketEnded: () => void begun.promise.then(() => over.resolve({ why: 'the recording has ended', settle: true })),
    onVenueLost: () => over.resolve({ why: 'the venue is lost', settle: false }),
    onLedgerDamaged: () => over.resolve({ why: 'the ledger is damaged', settle: false }),
    asked: around.asked,
  });
  const fed: { feeding: Feeding | null } = { feeding: null };
  const opened = openMarket(running, () => isOver).then((clock) => {
    if (clock === null || isOver) return;
    greet(house, running);
    fed.feeding = feed(house, running, clock);
    begun.resolve();
  });
  const stopLooking = keepLooking(house, running, {
    board,
    onIdle: options.untilIdle ? () => over.resolve({ why: 'nothing is left to do', settle: true }) : null,
    isFed: () => fed.feeding?.finished ?? false,
  });
  // What fails while the market is being opened is a bug and ends the run.
  const { why, settle } = await Promise.race([over.promise, opened.then(() => over.promise)]);
  isOver = true;
  running.newsroom.ending('stopping (Ctrl-C: at once)');
  house.log.info('fleet stops', { why });
  const ending = await endFleet(house, running, { feeding: fed.feeding, settle });
  stopLooking();
  return { ending, why };
}

/** How many of the bots are at their places. */
export function readySentence(ready: number, of: number): string {
  if (of === 1) return ready === 1 ? 'the bot is ready' : 'the bot is not ready';
  return ready === of ? `all ${ready} bots are ready` : `${ready} of ${of} bots are ready`;
}

/** Says what begins, the bots being at their places. */
function greet({ plan, beginMs, lost, warnings, log }: House, { newsroom, pairs, streams }: RunningFleet): void {
  const { recording, fleet } = plan;
  const ready = pairs.filter(({ isReady }) => isReady).length;
  newsroom.tell('fleet', readySentence(ready, pairs.length));
  newsroom.tell('fleet', planSentence(streams));
  const how = beginMs > recording.marketStartMs ? 'takes up where the last run ended' : 'begins';
  for (const warning of warnings) newsroom.tell('fleet', warning, 'attention');
  const behind = lostSentence(lost, fleet.signalsDb);
  if (behind !== null) {
    newsroom.tell('fleet', behind, 'bad');
    log.warn('the ledger is behind', { lost });
  }
  newsroom.tell('fleet', `the market of ${recording.instruments.map(({ coin }) => coin).join(', ')} ${how}, at ×${fleet.speed}`);
}

function feed({ plan, log }: House, running: RunningFleet, clock: ClockMapping): Feeding {
  const task = {
    signalsDb: plan.fleet.signalsDb,
    feedId: plan.feedId,
    items: plan.feed,
    marketStartMs: plan.recording.marketStartMs,
    clock,
  };
  return startFeeding(task, {
    onFed: (index, rowId, table) => log.info('row fed', { row: index + 1, table, rowId }),
    onSkipped(index, reason) {
      log.warn('row not fed', { row: index + 1, reason });
      running.newsroom.tell('fleet', `row ${index + 1} of the signals file was not fed: ${reason}`, 'attention');
    },
    onWaiting(reason) {
      log.warn('feeder waits', { reason });
      running.newsroom.tell('fleet', `the feeder waits for ${plan.fleet.signalsDb}: ${reason}`, 'attention');
    },
    onFinished: () => log.info('all rows fed'),
    onGivenUp(reason) {
      log.error('feeder given up', { reason });
      running.watch.given.push(reason);
    },
  });
}

interface Looking {
  readonly board: Board;
  /** Called when nothing is left to do; null when nobody asks. */
  readonly onIdle: (() => void) | null;
  readonly isFed: () => boolean;
}

/** Everything that is looked at again and again: the board, the status file, the clock's mark, new signals, idleness. */
function keepLooking(house: House, running: RunningFleet, { board, onIdle, isFed }: Looking): () => void {
  const { ledger, queue, accounts, plan, log } = house;
  const { newsroom, clock, watch } = running;
  const addresses = new Map(accounts.map(({ id, address }) => [id, address]));
  const botIds = accounts.map(({ id }) => id);
  let idleLooks = 0;

  const calmly = createCalm({
    now: () => performance.now(),
    onTrouble({ code, reason }) {
      log.warn('a file cannot be used just now', { code, reason });
      if (code === 'corrupt') watch.damaged({ file: reason.startsWith(plan.files.ledger) ? 'ledger' : 'signals', reason });
      else newsroom.troubles.met('fleet', reason);
    },
    onOver(reason) {
      log.info('a file can be used again', { reason });
      newsroom.troubles.over('fleet', reason);
    },
  });

  const looks: readonly (readonly [number, () => void])[] = [
    [EVERY_MS.frame, () => board.show(newsroom.view())],
    [EVERY_MS.status, () => writeStatus(plan.files.status, newsroom.view(), addresses)],
    [EVERY_MS.status, () => ledger.touchClockSession(running.sessionId, Date.now(), clock.now())],
    [
      EVERY_MS.wake,
      () => {
        if (queue.changed()) for (const pair of running.pairs) pair.wake();
      },
    ],
    [
      EVERY_MS.idle,
      () => {
        if (onIdle === null) return;
        const idle = isFed() && isIdle({ ledger, queue, botIds, isHalted: (bot) => watch.haltedBots.has(bot) });
        // Twice in a row: between a claim and its copy in the ledger a row is nowhere for a moment.
        idleLooks = idle ? idleLooks + 1 : 0;
        if (idleLooks >= 2) onIdle();
      },
    ],
  ];
  const timers = looks.map(([everyMs, look]) => setInterval(calmly(look), everyMs));
  return () => {
    for (const timer of timers) clearInterval(timer);
    calmly(() => {
      board.show(newsroom.view());
      writeStatus(plan.files.status, newsroom.view(), addresses);
    })();
  };
}
