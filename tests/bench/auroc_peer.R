# pROC: ci.auc(method = "bootstrap"), stratified by class, by image (it knows no patients); and its DeLong interval.
# Reads n and n lines "label unit score", says "ready", then answers "bootstrap B" and "delong B" (B unused) with "ok SECONDS AREA".
if (!suppressWarnings(suppressMessages(require(pROC, quietly = TRUE)))) {
    cat("missing pROC\n")
    quit(status = 3)
}
input <- file("stdin", "r")
n <- as.integer(readLines(input, 1))
rows <- do.call(rbind, strsplit(readLines(input, n), " "))
curve <- roc(as.integer(rows[, 1]), as.numeric(rows[, 3]), levels = c(0, 1), direction = "<", quiet = TRUE)
cat("ready pROC", as.character(packageVersion("pROC")), "\n")
flush(stdout())
while (length(line <- readLines(input, 1)) > 0) {
    words <- strsplit(line, " ")[[1]]
    begin <- proc.time()[["elapsed"]]
    if (words[1] == "bootstrap") {
        invisible(ci.auc(curve, method = "bootstrap", boot.n = as.integer(words[2]), progress = "none"))
    } else {
        invisible(ci.auc(roc(curve$response, curve$predictor, levels = c(0, 1), direction = "<", quiet = TRUE), method = "delong"))
    }
    cat(sprintf("ok %.6f %.17g\n", proc.time()[["elapsed"]] - begin, as.numeric(auc(curve))))
    flush(stdout())
}
