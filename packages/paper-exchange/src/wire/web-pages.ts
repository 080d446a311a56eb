import type { IncomingMessage, ServerResponse } from 'node:http';

const VARY = ['origin', 'access-control-request-method', 'access-control-request-headers'];

/** Lets pages of every origin read an answer of the venue, as its own answers do (PROTOCOL §1). */
export function openToPages(response: ServerResponse): void {
  response.setHeader('vary', VARY);
  response.setHeader('access-control-allow-origin', '*');
}

/** Answers what a browser asks before a page may send JSON: every method and header is allowed. False when that is not what was asked. */
export function answeredBrowser(request: IncomingMessage, response: ServerResponse): boolean {
  if (request.method !== 'OPTIONS') return false;
  response.writeHead(200, { 'access-control-allow-methods': '*', 'access-control-allow-headers': '*', 'content-length': 0 });
  response.end();
  return true;
}
