import type { Desk } from '../desk.ts';
import { command } from './command.ts';

/** ACKNOWLEDGE: differences to the venue that nobody can explain are taken as they are, and entries go on. */
export const acknowledge = (desk: Desk): Promise<number> => command(desk, 'ACKNOWLEDGE');
