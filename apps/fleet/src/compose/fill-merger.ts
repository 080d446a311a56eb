import type { BotReport } from '@hyperfleet/bot';

type TradeNews = Extract<BotReport, { kind: 'trade' }>;

/** Fills this close in wall time are told as one: an order that meets ten others is one thing that happened. */
const GATHER_MS = 60;

interface Gathered {
  readonly news: TradeNews;
  sz: number;
}

/** Passes news of trades on, fills of one order at one price as a single fill. Other news of a bot come after its fills. */
export function createFillMerger(pass: (bot: string, news: TradeNews) => void): {
  take(bot: string, news: TradeNews): void;
  flush(): void;
} {
  const waiting = new Map<string, Map<string, Gathered>>();
  let timer: NodeJS.Timeout | null = null;

  function flushBot(bot: string): void {
    const fills = waiting.get(bot);
    waiting.delete(bot);
    for (const { news, sz } of fills?.values() ?? []) pass(bot, { ...news, detail: { ...news.detail, sz } });
  }

  function flush(): void {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    for (const bot of [...waiting.keys()]) flushBot(bot);
  }

  return {
    flush,
    take(bot, news) {
      if (news.what !== 'fill') {
        flushBot(bot);
        pass(bot, news);
        return;
      }
      const fills = waiting.get(bot) ?? new Map<string, Gathered>();
      waiting.set(bot, fills);
      const key = JSON.stringify([news.tradeId, news.detail.role, news.detail.px, news.detail.side]);
      const gathered = fills.get(key) ?? { news, sz: 0 };
      gathered.sz += Number(news.detail.sz);
      fills.set(key, gathered);
      timer ??= setTimeout(flush, GATHER_MS);
    },
  };
}
