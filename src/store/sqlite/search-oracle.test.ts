/** Searches of chance in SQLite, held against a naive oracle. */
import { searchOracleContract } from '../search-oracle-contract.ts';
import { openSqliteUnderTest } from './sqlite-contract.ts';

searchOracleContract('SQLite', openSqliteUnderTest);
