/**
 * What a product's page says of it, composed from what the catalogue has: its category, the format at the end of its name,
 * and how it is paid.
 */

/** @typedef {import('../app/types.js').Product} Product */

/**
 * What the courses of a category are about.
 * @type {Record<string, string>}
 */
const CATEGORIES = {
  'Analytics': 'Analytics courses are about turning figures into decisions: asking a question that data can answer, preparing and summarising the data, and presenting the result so that others can act on it.',
  'Artificial Intelligence': 'Courses in artificial intelligence are about models that learn from examples: preparing the data, training and comparing models, judging where they fail, and running them responsibly in a product.',
  'Cloud': 'Cloud courses are about running systems on rented infrastructure: choosing services, controlling access and cost, and keeping what was built available and recoverable.',
  'Data': 'Data courses are about storing and moving data dependably: modelling it, querying it, building pipelines between systems, and keeping its quality and its backups in order.',
  'DevOps': 'DevOps courses are about the way from a change in the code to a service that runs: automating builds, tests and releases, describing infrastructure in files, and observing what was delivered.',
  'Networking': 'Networking courses are about how packets find their way: addressing, switching and routing, wireless and wide-area links, and finding the fault when a connection fails.',
  'Project Management': 'Courses in project management are about reaching a goal with other people: agreeing on scope, planning time and money, handling risks, and keeping everybody concerned informed.',
  'Security': 'Security courses are about protecting systems and the people who use them: recognising threats, building defences, testing them as an attacker would, and responding when something happens.',
  'Software Development': 'Courses in software development are about writing programs that others can read and change: designing them, testing them, and keeping them fast and correct as they grow.',
  'Systems Administration': 'Courses in systems administration are about computers that many depend on: installing and configuring them, managing users and storage, automating routine work, and restoring service after a failure.',
};

/**
 * What a product of a format contains.
 * @type {Record<string, string>}
 */
const FORMATS = {
  'Certification Prep': 'This certification prep goes through the topics of the exam one by one and ends each with questions to check what was learnt.',
  'Exam Bundle': 'This exam bundle puts the study material and the practice questions for one exam together.',
  'Exam Coach': 'This exam coach asks questions, explains each answer, and returns to the topics that were answered wrongly.',
  'Labs and Exams': 'Labs and exams combine exercises to carry out oneself with practice questions in the form of the exam.',
  'Practice Exams': 'These practice exams are sets of questions in the form of the exam, with an explanation of every answer.',
  'Study Path': 'This study path puts the topics in an order in which each builds on the one before.',
};

/**
 * @param {Product} product
 * @returns {string[]} paragraphs; only of what is known about the product
 */
export function describeProduct(product) {
  const [topic, format] = splitName(product.name);
  const subject = format ? `${topic} is offered by ${product.vendor} in the category ${product.category}.` : `${product.name} is a course by ${product.vendor} in the category ${product.category}.`;
  return [
    [subject, FORMATS[format]].filter(Boolean).join(' '),
    Object.hasOwn(CATEGORIES, product.category) ? CATEGORIES[product.category] ?? '' : '',
    accessText(product),
  ].filter(Boolean);
}

/** @param {string} name @returns {[topic: string, format: string]} the format is empty when it is none that is known */
function splitName(name) {
  const colon = name.lastIndexOf(': ');
  const format = colon < 0 ? '' : name.slice(colon + 2);
  return Object.hasOwn(FORMATS, format) ? [name.slice(0, colon), format] : [name, ''];
}

/** @param {Product} product */
function accessText({ isSubscription, billingPeriod, discount }) {
  const period = billingPeriod === 'Monthly' ? 'month' : 'year';
  const payment = isSubscription
    ? `It is a subscription: the price is due each ${period}, and the course stays open while it is paid.`
    : `It is paid once and stays open for one ${period}; nothing is renewed.`;
  return discount > 0 ? `${payment} The price shown includes a discount of ${discount} %.` : payment;
}
