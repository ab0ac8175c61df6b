// What ten penalties say: a digit, probably a digit, or none of these. paper_lenet5/verdict.py, eq. 9.
const verdict = (penalties) => {
  const { RUBBISH, LEAST } = NUMBERS.verdict;
  const ranking = penalties.map((_, digit) => digit).sort((a, b) => penalties[a] - penalties[b]);
  const [closest, second] = ranking, least = Math.min(penalties[closest], RUBBISH);
  const shares = [...penalties, RUBBISH].map((penalty) => Math.exp(least - penalty));
  const posterior = shares[closest] / shares.reduce((sum, share) => sum + share);
  const certainty = posterior > 0.5 ? "sure" : posterior >= LEAST ? "probable" : "none";
  return { closest, margin: penalties[second] - penalties[closest], posterior, certainty, ranking };
};
