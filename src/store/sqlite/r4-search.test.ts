/** Every R4 example found by each of its values in SQLite, and nothing else. */
import { r4SearchContract } from '../r4-search-contract.ts';
import { openSqliteUnderTest } from './sqlite-contract.ts';

r4SearchContract('SQLite', openSqliteUnderTest);
