// What ten penalties say: a digit, probably a digit, or none of these; by eq. 9 and by what `doubt` says against
// each digit, if it was asked. paper_lenet5/verdict.py.
const verdict = (penalties, doubts = null) => {
  const { RUBBISH, LEAST, LEAST_BESIDE_DOUBT, DOUBTFUL } = NUMBERS.verdict;
  const ranking = penalties.map((_, digit) => digit).sort((a, b) => penalties[a] - penalties[b]);
  const [closest, second] = ranking, least = Math.min(penalties[closest], RUBBISH);
  const shares = [...penalties, RUBBISH].map((penalty) => Math.exp(least - penalty));
  const posterior = shares[closest] / shares.reduce((sum, share) => sum + share);
  const refused = doubts ? posterior < LEAST_BESIDE_DOUBT || doubts[closest] > 0 : posterior < LEAST;
  const sure = posterior > 0.5 && (!doubts || doubts[closest] <= DOUBTFUL);
  const certainty = refused ? "none" : sure ? "sure" : "probable";
  return { closest, margin: penalties[second] - penalties[closest], posterior, certainty, ranking };
};
