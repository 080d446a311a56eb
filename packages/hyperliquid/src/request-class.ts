/** What a request is for, most urgent first. */
export type RequestClass = 'exit' | 'cancel' | 'protect' | 'entry' | 'read';
