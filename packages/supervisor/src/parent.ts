const LOOK_EVERY_MS = 200;

/**
 * Tells once when the process that started this one has ended. npm runs a script through a shell and passes a SIGTERM on to that shell,
 * which dies of it without a word to us: there the death of our parent is a SIGTERM to us. Keeps no process alive.
 */
export function onParentGone(tell: () => void): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    tell();
  }, LOOK_EVERY_MS);
  timer.unref();
}
