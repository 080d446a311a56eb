import type { BotReport } from '@hyperfleet/bot';

type TradeNews = Extract<BotReport, { kind: 'trade' }>;

/** Fills this close in wall time are told as one: an order that meets ten others is one thing that happened. */
const GATHER_MS = 60;

interface Gathered {
  readonly bot: string;
  readonly news: TradeNews;
  sz: number;
}

/** Passes news of trades on, fills of one order at one price as a single fill. Other news come after the fills before them. */
export function createFillMerger(pass: (bot: string, news: TradeNews) => void): {
  take(bot: string, news: TradeNews): void;
  flush(): void;
} {
  const waiting = new Map<string, Gathered>();
  let timer: NodeJS.Timeout | null = null;

  function flush(): void {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    const fills = [...waiting.values()];
    waiting.clear();
    for (const { bot, news, sz } of fills) pass(bot, { ...news, detail: { ...news.detail, sz } });
  }

  return {
    flush,
    take(bot, news) {
      if (news.what !== 'fill') {
        flush();
        pass(bot, news);
        return;
      }
      const key = JSON.stringify([news.tradeId, news.detail.role, news.detail.px, news.detail.side]);
      const gathered = waiting.get(key) ?? { bot, news, sz: 0 };
      gathered.sz += Number(news.detail.sz);
      waiting.set(key, gathered);
      timer ??= setTimeout(flush, GATHER_MS);
    },
  };
}
