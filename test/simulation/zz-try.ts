import { runSeed } from '/work/wt/sim/test/simulation/run.ts';
const [a, b, trace] = process.argv.slice(2);
const t = performance.now();
let v = 0;
let bad = 0;
for (let s = Number(a); s < Number(a) + Number(b); s++) {
  const o = await runSeed({ seed: s, ms: 360000, print: trace ? console.log : null });
  v += o.ms;
  if (o.broken) {
    bad++;
    console.log('SEED', s, o.ms / 1000, o.broken.slice(0, 600));
  } else if (trace || Number(b) < 6) console.log('ok', s, o.hash.slice(0, 12), o.ms / 1000, o.signals, o.fills, o.entries, o.unknown);
}
const w = performance.now() - t;
console.log(`${b} seeds, ${bad} bad, ${(v / w).toFixed(0)}x real time, ${w.toFixed(0)} ms`);
