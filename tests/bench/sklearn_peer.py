"""scikit-learn's probes as a peer of ours: a process that lives as long as the bench.

    sklearn_peer.py FOLDER

prints `note ...` lines and `ready SECONDS`, then answers one line per line of standard input with `ok NUMBER` or
`error TEXT`.  Files lie in FOLDER; kinds: f32, f64, i32, u32, row after row.

    features N D THREADS      reads features.f32 [N, D], labels.i32, folds.u32; standardises the rows outside fold 0. Seconds of that
    fit C                     LogisticRegression of them: lbfgs, tol 1e-4, at most 1,000 iterations, in float32 as they are. Seconds
    iterations                of the last fit
    objective                 of the last fit, in float64
    judge C ROWS AT           the same of ROWS rows of coefficients and intercept that begin at number AT of ours.f64
    neighbours_data N M D THREADS   reads train.f32 [N, D], labels.i32, query.f32 [M, D]. Seconds of that
    neighbours K              KNeighborsClassifier (brute, cosine), kneighbors with K, also into theirs.i32 [M, K]. Seconds
    votes K1 K2 ...           predict_proba anew for each K. Seconds of all
    ridge_data THREADS        all rows of the last `features` in float64, standardised; grid.f64. Seconds of that
    ridge                     Ridge(solver cholesky) for each alpha, also into theirs.f64 [alphas, D + 1], the intercept last. Seconds
    ridge_loo                 RidgeCV of all alphas, leave-one-out. Seconds
"""
import os
import sys
import time
import warnings

try:
    import numpy as np
    import sklearn
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression, Ridge, RidgeCV
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.preprocessing import StandardScaler
    from threadpoolctl import threadpool_info, threadpool_limits
except ImportError as error:
    print("missing", error, flush=True)
    sys.exit(3)

warnings.simplefilter("ignore", ConvergenceWarning)  # the bench prints the iterations


class Peer:
    def __init__(self, folder):
        self.folder = folder

    def read(self, name, kind, *shape):
        return np.fromfile(os.path.join(self.folder, name), dtype=kind).reshape(shape)

    def write(self, name, values):
        values.tofile(os.path.join(self.folder, name))

    # ---- logistic regression ----

    def features(self, n, d, threads):
        threadpool_limits(int(threads))
        self.rows = self.double = None
        self.x = self.read("features.f32", np.float32, int(n), int(d))
        self.y = self.read("labels.i32", np.int32, int(n))
        self.train = self.read("folds.u32", np.uint32, int(n)) != 0
        rows = self.x[self.train]
        begin = time.perf_counter()
        self.rows = StandardScaler().fit_transform(rows)
        seconds = time.perf_counter() - begin
        self.label = self.y[self.train]
        return seconds

    def fit(self, C):
        self.C = float(C)
        self.model = LogisticRegression(C=self.C, solver="lbfgs", tol=1e-4, max_iter=1000)
        begin = time.perf_counter()
        self.model.fit(self.rows, self.label)
        return time.perf_counter() - begin

    def iterations(self):
        return float(np.max(self.model.n_iter_))

    def value(self, C, coef, intercept):
        """C * sum of losses + |coef|^2 / 2 on rows standardised in float64."""
        if self.double is None:
            rows = self.x[self.train].astype(np.float64)
            self.double = StandardScaler().fit_transform(rows)
        score = self.double @ coef.T.astype(np.float64) + intercept
        if len(coef) == 1:
            loss = np.logaddexp(0, np.where(self.label == 1, -score[:, 0], score[:, 0]))
        else:
            top = score.max(axis=1)
            loss = top + np.log(np.exp(score - top[:, None]).sum(axis=1)) - score[np.arange(len(score)), self.label]
        return C * loss.sum() + 0.5 * (coef.astype(np.float64) ** 2).sum()

    def objective(self):
        return self.value(self.C, self.model.coef_, self.model.intercept_)

    def judge(self, C, rows, at):
        d = self.rows.shape[1] + 1
        both = np.fromfile(os.path.join(self.folder, "ours.f64"), count=int(rows) * d, offset=8 * int(at)).reshape(-1, d)
        return self.value(float(C), both[:, :-1], both[:, -1])

    # ---- neighbours ----

    def neighbours_data(self, n, m, d, threads):
        begin = time.perf_counter()
        threadpool_limits(int(threads))
        self.train_x = self.read("train.f32", np.float32, int(n), int(d))
        self.train_y = self.read("labels.i32", np.int32, int(n))
        self.query = self.read("query.f32", np.float32, int(m), int(d))
        return time.perf_counter() - begin

    def classifier(self, k):
        return KNeighborsClassifier(n_neighbors=int(k), algorithm="brute", metric="cosine").fit(self.train_x, self.train_y)

    def neighbours(self, k):
        begin = time.perf_counter()
        found = self.classifier(k).kneighbors(self.query)[1]
        seconds = time.perf_counter() - begin
        self.write("theirs.i32", found.astype(np.int32))
        return seconds

    def votes(self, *all_k):
        begin = time.perf_counter()
        for k in all_k:
            self.classifier(k).predict_proba(self.query)
        return time.perf_counter() - begin

    # ---- ridge ----

    def ridge_data(self, threads):
        begin = time.perf_counter()
        threadpool_limits(int(threads))
        self.alphas = self.read("grid.f64", np.float64, -1)
        self.all = StandardScaler().fit_transform(self.x.astype(np.float64))
        return time.perf_counter() - begin

    def ridge(self):
        fits = []
        begin = time.perf_counter()
        for alpha in self.alphas:
            fits.append(Ridge(alpha=alpha, solver="cholesky").fit(self.all, self.y.astype(np.float64)))
        seconds = time.perf_counter() - begin
        self.write("theirs.f64", np.array([np.append(f.coef_, f.intercept_) for f in fits]))
        return seconds

    def ridge_loo(self):
        begin = time.perf_counter()
        RidgeCV(alphas=self.alphas).fit(self.all, self.y.astype(np.float64))
        return time.perf_counter() - begin


QUESTIONS = ("features", "fit", "iterations", "objective", "judge", "neighbours_data", "neighbours", "votes", "ridge_data", "ridge",
             "ridge_loo")


def main():
    begin = time.perf_counter()
    peer = Peer(sys.argv[1])
    print("note scikit-learn %s, NumPy %s, Python %s" % (sklearn.__version__, np.__version__, sys.version.split()[0]))
    print("note BLAS", *["%s %s (%s)" % (os.path.realpath(i["filepath"]), i["version"], i["threading_layer"])
                         for i in threadpool_info() if i["user_api"] == "blas"])
    print("ready %.3f" % (time.perf_counter() - begin), flush=True)
    for line in sys.stdin:
        words = line.split()
        if words == ["quit"]:
            break
        try:
            if words[0] not in QUESTIONS:
                raise ValueError("unknown command " + words[0])
            reply = "ok %.17g" % getattr(peer, words[0])(*words[1:])
        except Exception as error:
            reply = "error " + " ".join(str(error).split())[-200:]
        print(reply, flush=True)


main()
