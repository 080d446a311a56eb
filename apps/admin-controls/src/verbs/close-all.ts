import type { Desk } from '../desk.ts';
import { command } from './command.ts';

/** CLOSE_ALL: cancel every order, close every position, stay paused. With --foreign also what is not ours. */
export const closeAll = (desk: Desk): Promise<number> => command(desk, desk.foreign ? 'CLOSE_ALL --FOREIGN' : 'CLOSE_ALL');
