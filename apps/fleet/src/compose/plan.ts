import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BotConfig, type Fleet, listProblems, loadFleetConfig, readEnvironment, resolveFleet } from '@hyperfleet/config';
import { hasWrongChecksum } from '@hyperfleet/hyperliquid';
import { bundledRecordingPath, openRecording, type RecordingHeader } from '@hyperfleet/paper-exchange';
import type { Options } from '../argv.ts';
import { type FeedItem, parseFeed } from '../feed/rows.ts';

/** Everything decided before anything is started or written. */
export interface Plan {
  readonly fleet: Fleet;
  /** The enabled ones. */
  readonly bots: readonly BotConfig[];
  readonly recordingPath: string;
  readonly recording: RecordingHeader;
  readonly feed: readonly FeedItem[];
  /** Names the list of rows by its content. */
  readonly feedId: string;
  readonly files: DataFiles;
  /** Whether a ledger that is gone may be begun anew. */
  readonly newLedger: boolean;
}

/** What lies in a data directory. */
interface DataFiles {
  readonly ledger: string;
  readonly journal: string;
  readonly keys: string;
  readonly log: string;
  readonly status: string;
}

/** The fleet cannot start as it was told to; the message says what to change. */
export class PlanError extends Error {
  override readonly name = 'PlanError';
}

const DEFAULT_CONFIG = fileURLToPath(new URL('../../../../fleet.config.ts', import.meta.url));
const DEFAULT_SIGNALS = fileURLToPath(new URL('../../samples/signals.json', import.meta.url));

/** Reads configuration, recording and signals. Throws PlanError, or RecordingError for the recording. */
export async function makePlan(options: Options): Promise<Plan> {
  const { speed, dataDir, market } = options;
  const loaded = await loadFleetConfig(options.config ?? DEFAULT_CONFIG);
  if (loaded.kind === 'errors') throw new PlanError(listProblems(loaded.errors));
  const resolved = resolveFleet(loaded.options, readEnvironment(), { speed, dataDir, market, hasWrongChecksum });
  if (resolved.kind === 'errors') throw new PlanError(`${loaded.path}:\n${listProblems(resolved.errors)}`);
  const { fleet } = resolved;
  const recordingPath = fleet.market ?? bundledRecordingPath;
  const { text, items } = readFeed(options.signals ?? DEFAULT_SIGNALS);
  const inDataDir = (name: string): string => join(fleet.dataDir, name);
  return {
    fleet,
    bots: fleet.bots.filter(({ enabled }) => enabled),
    recordingPath: resolve(recordingPath),
    recording: openRecording(recordingPath).header,
    feed: items,
    feedId: createHash('sha256').update(text).digest('hex'),
    files: {
      ledger: inDataDir('ledger.db'),
      journal: inDataDir('paper-exchange.jsonl'),
      keys: inDataDir('paper-keys.json'),
      log: inDataDir('fleet.log'),
      status: inDataDir('status.json'),
    },
    newLedger: options.newLedger,
  };
}

function readFeed(path: string): { readonly text: string; readonly items: readonly FeedItem[] } {
  try {
    const text = readFileSync(path, 'utf8');
    return { text, items: parseFeed(text) };
  } catch (error) {
    throw new PlanError(`--signals ${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
