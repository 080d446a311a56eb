/** The worker a question was meant for is not there, or ended before it answered. */
export class WorkerGone extends Error {
  override readonly name = 'WorkerGone';
  readonly worker: string;

  constructor(worker: string, reason: string) {
    super(`worker ${worker} ${reason}`);
    this.worker = worker;
  }
}
