/** Why a read gave no trustworthy answer. */
export type VenueReadCode =
  | 'VENUE_UNREACHABLE'
  | 'VENUE_TIMEOUT'
  | 'VENUE_CUT'
  | 'VENUE_RATE_LIMITED'
  | 'VENUE_DOWN'
  | 'VENUE_SHUT'
  | 'VENUE_REFUSED'
  | 'VENUE_UNREADABLE'
  | 'VENUE_HISTORY_TOO_DENSE';

const RETRY: Readonly<Record<VenueReadCode, 'now' | 'later' | 'never'>> = {
  VENUE_UNREACHABLE: 'later',
  VENUE_TIMEOUT: 'now',
  VENUE_CUT: 'now',
  VENUE_RATE_LIMITED: 'later',
  VENUE_DOWN: 'later',
  VENUE_SHUT: 'later',
  VENUE_REFUSED: 'never',
  VENUE_UNREADABLE: 'later',
  VENUE_HISTORY_TOO_DENSE: 'never',
};

/** A read of the venue that failed, after its own retries. Reading changes nothing, so it may always be asked again. */
export class VenueReadError extends Error {
  override readonly name = 'VenueReadError';
  readonly code: VenueReadCode;
  readonly retry: 'now' | 'later' | 'never';

  constructor(code: VenueReadCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.retry = RETRY[code];
  }
}
