/** How old the total of a list may be, as to other processes' writes: the pages of one walk do not count the whole list each. */
export const listTotal = { maxAgeMs: 2000 } as const;
