import type { PaperExchange } from '@hyperfleet/paper-exchange';
import type { IRequestTransport, ISubscriptionTransport } from '@nktkas/hyperliquid';

interface Frame {
  readonly channel: string;
  readonly data: unknown;
}

type Handler = (event: CustomEvent) => void;

/** The text says which request it refuses: the stock client matches errors by it. */
const names = (text: unknown, payload: unknown): boolean => typeof text === 'string' && text.includes(JSON.stringify(payload));

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null;

/** Whether a confirmation repeats a request, with defaults filled in. */
function echoes(data: unknown, payload: unknown): boolean {
  const echo = isObject(data) ? data.subscription : undefined;
  if (!isObject(echo) || !isObject(payload)) return false;
  return Object.entries(payload).every(([key, value]) => JSON.stringify(echo[key]) === JSON.stringify(value));
}

/** The transport of the stock client into an exchange of the same process: no socket, the same bodies and frames. */
export function directTransport(exchange: PaperExchange, isTestnet = false): IRequestTransport & ISubscriptionTransport {
  const handlers = new Map<string, Set<Handler>>();
  const waiting = new Set<(frame: Frame) => void>();
  const connection = exchange.direct.connect((text) => {
    const frame: Frame = JSON.parse(text);
    for (const wait of [...waiting]) wait(frame);
    for (const handle of handlers.get(frame.channel) ?? []) handle(new CustomEvent(frame.channel, { detail: frame.data }));
  });
  if (connection === null) throw new Error('the exchange takes no more connections');

  const ask = (method: 'subscribe' | 'unsubscribe', payload: unknown): Promise<void> =>
    new Promise((resolve, reject) => {
      const wait = ({ channel, data }: Frame): void => {
        if (channel === 'error' && names(data, payload)) reject(new Error(String(data)));
        else if (channel !== 'subscriptionResponse' || !echoes(data, payload)) return;
        waiting.delete(wait);
        resolve();
      };
      waiting.add(wait);
      connection.send(JSON.stringify({ method, subscription: payload }));
    });

  return {
    isTestnet,
    async request<T>(endpoint: string, payload: unknown): Promise<T> {
      if (endpoint !== 'info' && endpoint !== 'exchange') throw new Error(`no endpoint ${endpoint} here`);
      const { status, text } = await exchange.direct.post(`/${endpoint}`, payload);
      if (status !== 200) throw new Error(`${status} - ${text}`);
      return JSON.parse(text);
    },
    async subscribe<T>(channel: string, payload: unknown, listener: (event: CustomEvent<T>) => void) {
      const own = handlers.get(channel) ?? new Set<Handler>();
      handlers.set(channel, own);
      own.add(listener);
      await ask('subscribe', payload);
      return {
        async unsubscribe() {
          own.delete(listener);
          await ask('unsubscribe', payload);
        },
      };
    },
  };
}
