"""Which reading of the loss explains the paper, and which makes the best network. DEVIATIONS.md, D7.

The paper prints three numbers of LeNet-5: 0.95 % of the test patterns are missed, 0.8 % after training
with distortions, 0.35 % of the training patterns (Fig. 5 has the curve of the 20 passes). It names
neither the loss, eq. 8 or eq. 9, nor j of eq. 9; the authors' later code halves the penalties. The
candidates are these: eq. 8, and eq. 9 with j = 1, 2, 5 and 10, each with the penalty of eq. 7 and the
weights that were settled before, and each but j = 10 with half of the penalty and its curvature, and
weights from ±√3/√F. All else is as printed, or as settled before (D6).

The rule, written down before any of the new candidates met a test image, and before five networks of
each were trained: every candidate is trained on 50,000 training images, with and without distortions,
five seeds each; the 10,000 that are held out judge it.

1. What *explains* the paper is the candidate with the smallest distance D from its three numbers.
   D = Z + z² + z²: the two z are of the test errors without and with distortions, Z is the mean of the
   z² of the training errors of the 20 passes. A z is the natural logarithm of the paper's number over
   ours (the mean over the seeds), divided by the standard deviation that the logarithm has from one
   network to the next, pooled over the candidates: the paper's numbers are of one network. Held-out
   errors are divided by EASIER first, for the test set is easier than the held-out images.
2. The *best* network that the printed recipe allows is that of the candidate with the smallest mean of
   both held-out errors.
3. For either, the two candidates that come out first get five more seeds, and the ten decide.
4. The two that are chosen, and no other, are then trained on all 60,000 patterns, with and without
   distortions, and meet the test set. A reading *has all three numbers* if each of the paper's three
   lies within the 95 % prediction interval of one network.
"""

EASIER = 1.22
"""How much harder the held-out images are than the test set: the ratio of the settled reading's errors,
1.16 % of five networks to 0.951 % of ten. Those ten were known when the rule was written."""
