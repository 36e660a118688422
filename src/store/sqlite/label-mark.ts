/** What stands before and after each code in the column `labels`, so that one code is never found inside another. */
export const LABEL_MARK = '\u001f';
