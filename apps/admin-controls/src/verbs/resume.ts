import type { Desk } from '../desk.ts';
import { command } from './command.ts';

/** RESUME: entries are taken again. */
export const resume = (desk: Desk): Promise<number> => command(desk, 'RESUME');
