/** Names and streets for made-up people, as mixed as the country. Written for this project; any likeness to a person is chance. */
export const FEMALE_NAMES = [
  'Olivia', 'Amelia', 'Aisha', 'Grace', 'Margaret', 'Priya', 'Sioned', 'Catriona', 'Fatima', 'Jean', 'Adaeze', 'Mei', 'Susan',
  'Zofia', 'Harriet', 'Nadia', 'Bronwen', 'Dorothy', 'Chidinma', 'Ruth', 'Gurpreet', 'Eleri', 'Patricia', 'Yasmin', 'Isla',
  'Angharad', 'Sunita', 'Maureen', 'Tamsin', 'Leila',
] as const;

export const MALE_NAMES = [
  'Oliver', 'Mohammed', 'George', 'Rhys', 'Arjun', 'Callum', 'Kenneth', 'Tomasz', 'Samuel', 'Kwame', 'Hugh', 'Ibrahim', 'Derek',
  'Wei', 'Alasdair', 'Joshua', 'Harpreet', 'Brian', 'Emeka', 'Gareth', 'Peter', 'Yusuf', 'Stanley', 'Ravi', 'Finlay', 'Ewan',
  'Gethin', 'Leonard', 'Marek', 'Nathaniel',
] as const;

export const FAMILY_NAMES = [
  'Ashworth', 'Begum', 'Calloway', 'Davies', 'Egwu', 'Farquhar', 'Gill', 'Hartley', 'Iqbal', 'Jenkins', 'Kowalska', 'Llewellyn',
  'MacAskill', 'Nair', "O'Donovan", 'Patel', 'Quayle', 'Rahman', 'Sandhu', 'Thistlewood', 'Umeh', 'Vaughan', 'Wainwright', 'Xu',
  'Yeboah', 'Zaman', 'Birtwistle', 'Choudhury', 'Drummond', 'Entwistle', 'Fitzwilliam', 'Greenhalgh', 'Hussain', 'Ingham',
  'Joshi', 'Kaur', 'Lowther', 'Mbeki', 'Norris', 'Okafor', 'Pritchard', 'Ramsbottom', 'Singh', 'Tregenza', 'Underhill',
] as const;

export const TITLES = { female: ['Ms', 'Mrs', 'Miss', 'Dr'], male: ['Mr', 'Mr', 'Mr', 'Dr'] } as const;

export const STREETS = [
  'Mill Lane', 'Station Road', 'Church Street', 'Victoria Terrace', 'Orchard Close', 'Canal Street', 'Priory Avenue', 'Hawthorn Drive',
  'King Street', 'Meadow View', 'Quarry Road', 'Chapel Lane', 'Park Crescent', 'Weavers Row', 'Beech Grove', 'Harbour Way',
] as const;

export const TOWNS = [
  { town: 'Exampleton', postcode: 'ZZ1' },
  { town: 'Little Exampleton', postcode: 'ZZ2' },
  { town: 'Exampleton-on-Sea', postcode: 'ZZ3' },
  { town: 'Upper Sampleford', postcode: 'ZZ4' },
] as const;
