import type { Desk } from '../desk.ts';
import { command } from './command.ts';

/** PAUSE: no new entries; exits, stops and fills go on. */
export const pause = (desk: Desk): Promise<number> => command(desk, 'PAUSE');
