# What a script does: patients drawn with replacement, their rows gathered, scikit-learn's AUROC of each replicate.
# Reads n and n lines "label unit score", says "ready", then answers "bootstrap B" with "ok SECONDS AREA", AREA of the sample.
import sys
import time

try:
    import numpy as np
    from sklearn.metrics import roc_auc_score
    import sklearn
except ImportError as error:
    print("missing", error)
    sys.exit(3)

n = int(sys.stdin.readline())
rows = np.array([sys.stdin.readline().split() for _ in range(n)], dtype=float)
label, unit, score = rows[:, 0].astype(int), rows[:, 1].astype(int), rows[:, 2]
members = [np.flatnonzero(unit == u) for u in range(unit.max() + 1)]
print("ready scikit-learn", sklearn.__version__, flush=True)
for line in sys.stdin:
    word, replicates = line.split()
    rng = np.random.RandomState(1)
    begin = time.perf_counter()
    values = np.empty(int(replicates))
    for b in range(len(values)):
        drawn = np.concatenate([members[u] for u in rng.randint(0, len(members), len(members))])
        values[b] = roc_auc_score(label[drawn], score[drawn])
    np.percentile(values, [2.5, 97.5])
    print("ok %.6f %.17g" % (time.perf_counter() - begin, roc_auc_score(label, score)), flush=True)
