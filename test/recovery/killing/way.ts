/** How the machine is stopped: the whole process, one thread of it, or the power of all of it. */
export type Way = 'process' | 'thread' | 'machine';
