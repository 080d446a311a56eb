import type { IncomingMessage } from 'node:http';

const LOOPBACK_HOST = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i;
const LOOPBACK_PEER = /^(::ffff:)?127\.|^::1$/;

/** Whether a request says that its body is JSON. */
export const isJson = (request: IncomingMessage): boolean => /^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? '');

/**
 * Why a control request is not taken, or null. Control routes are for programs on this machine: a web page cannot leave out
 * Origin, cannot send JSON across origins unasked, and one that has its own name point here (DNS rebinding) still says that name
 * in Host; what a page fetches without Origin, as pictures and scripts, browsers mark in Sec-Fetch-Site.
 */
export function controlRefusal(request: IncomingMessage): string | null {
  const { host, origin } = request.headers;
  const site = request.headers['sec-fetch-site'];
  const why = (text: string): string => `Forbidden: ${text}`;
  if (origin !== undefined)
    return why(`Origin ${origin}: control routes are not for web pages; send the request from a program, without Origin`);
  if (site !== undefined && site !== 'none') return why(`Sec-Fetch-Site ${String(site)}: control routes are not for web pages`);
  if (!LOOPBACK_HOST.test(host ?? '')) return why(`Host ${host ?? '(none)'}: control routes answer to 127.0.0.1, localhost or [::1] alone`);
  const peer = request.socket.remoteAddress ?? '';
  if (!LOOPBACK_PEER.test(peer)) return why(`you are ${peer}: control routes are for programs on the exchange's own machine`);
  if (request.method === 'POST' && !isJson(request))
    return why(`Content-Type ${request.headers['content-type'] ?? '(none)'}: send application/json`);
  return null;
}
