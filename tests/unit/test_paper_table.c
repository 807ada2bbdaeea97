/* The paper's table: from rows of metrics.csv to three forms; what is missing stays empty, what is NA says why. */
#include "unit/scratch.h"

#include "report/paper_table.h"

#define HEADER "study,task,protocol,model,readout,probe,preprocess,precision,partition,metric,n,n_patients,value,low,high,level,method,replicates,undefined_replicates,reason\n"
static const char ROWS[] =
    HEADER
    "s,tumour,official,big_vit,cls,linear,skelex,fp32,test fold 1,auroc,40,,0.9,,,,,,,\n"
    "s,tumour,official,big_vit,cls,linear,skelex,fp32,test,auroc,40,38,0.91249,,,,mean of 5 folds,,,\n"
    "s,tumour,official,big_vit,cls,linear,skelex,fp32,test,auroc_sd,40,38,0.0125,,,,population SD of 5 folds,,,\n"
    "s,tumour,grouped,big_vit,cls,linear,skelex,fp32,test,auroc,80,60,0.8805,0.79951,0.9305,0.95,percentile,2000,0,\n"
    "s,tumour,grouped,big_vit,cls,linear,skelex,fp32,test,f1,80,60,0.5,0.4,0.6,0.95,percentile,2000,0,\n"
    "s,tumour,grouped,big_vit,cls,linear,skelex,fp32,validation,auroc,80,60,0.1,0.4,0.6,0.95,percentile,2000,0,\n"
    "s,tumour,grouped,big_vit,cls,linear,skelex,fp32,test exams,auroc,30,28,0.7,0.6,0.8,0.95,percentile,2000,0,\n"
    "s,tumour,grouped,thumb,features,linear,,,test,auroc,80,60,NA,NA,NA,0.95,percentile,2000,0,\"one class, 100 % & more\"\n"
    "s,age,grouped,thumb,features,linear,,,test,mae,12,12,7.125,6.5,8.126,0.95,percentile,2000,0,\n";

static struct paper_figure FIGURES[] = {{"auroc", "SKELEX", "fine-tuned, other split", "arXiv", 0.953}, {"kappa", "B_x", "", "", 0.5}};
static const char *const AUROC[] = {"auroc"}, *const MAE[] = {"mae"};
static const struct paper_task TASKS[] = {{"age", MAE, 1, NULL, 0}, {"tumour", AUROC, 1, FIGURES, 2}, {"absent", MAE, 1, FIGURES, 1}};

static int read_rows(struct paper_table *t, const char *text, struct status *st)
{
    char *directory = scratch_new(), *path = scratch_write(directory, "metrics.csv", text, strlen(text));
    int code = paper_table_read(t, path, TASKS, 3, st);
    free(path);
    scratch_remove(directory);
    return code;
}

static char *written(void (*form)(FILE *, const struct paper_table *), const struct paper_table *t)
{
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    form(f, t);
    fclose(f);
    return text;
}

static void load(struct paper_table *t)
{
    struct status st;
    if (read_rows(t, ROWS, &st))
        fail_msg("%s", st.text);
}

static void test_csv(void **state)
{
    (void)state;
    struct paper_table t;
    load(&t);
    char *text = written(paper_write_csv, &t);
    assert_string_equal(text,
                        "age,test,thumb,features,linear,,,mae,,,,7.125,6.5,8.126,12,12,,,,,,,\n"
                        "tumour,test,big_vit,cls,linear,skelex,fp32,auroc,0.91249,0.0125,40,0.8805,0.79951,0.9305,80,60,,,,,,"
                        "\"0.953 auroc (SKELEX; fine-tuned, other split; arXiv); 0.5 kappa (B_x)\",\n"
                        "tumour,test,thumb,features,linear,,,auroc,,,,NA,NA,NA,80,60,,,,,,,\"grouped: one class, 100 % & more\"\n"
                        "tumour,test exams,big_vit,cls,linear,skelex,fp32,auroc,,,,0.7,0.6,0.8,30,28,,,,,,,\n");
    size_t columns = 1, commas = 0;
    for (const char *c = PAPER_TABLE_HEADER; *c; c++)
        columns += *c == ',';
    for (const char *c = text; *c != '\n'; c++)
        commas += *c == ',';
    assert_int_equal(columns, commas + 1);
    free(text);
    paper_table_free(&t);
}

static void test_markdown(void **state)
{
    (void)state;
    struct paper_table t;
    load(&t);
    char *text = written(paper_write_markdown, &t);
    assert_text(text, "| task | model | readout | probe | metric | official: mean ± SD of 5 folds | grouped: value [interval] | n | published (not ours) |\n");
    assert_text(text, "| tumour | big\\_vit | cls | linear | auroc | 0.912 ± 0.013 | 0.880 [0.800, 0.930] | 40, 80 | 0.953 auroc (SKELEX; fine-tuned, other split; arXiv); 0.5 kappa (B\\_x) |\n");
    assert_text(text, "| tumour | thumb | features | linear | auroc |  | NA (1) | 80 |  |\n");
    assert_text(text, "| tumour (exams) | big\\_vit | cls | linear | auroc |  | 0.700 [0.600, 0.800] | 30 |  |\n");
    assert_text(text, "| age | thumb | features | linear | mae |  | 7.12 [6.50, 8.13] | 12 |  |\n");
    assert_text(text, "\n(1) one class, 100 % & more\n");
    assert_null(strstr(text, "given: value"));
    free(text);
    paper_table_free(&t);
}

static void test_latex(void **state)
{
    (void)state;
    struct paper_table t;
    load(&t);
    char *text = written(paper_write_latex, &t);
    assert_text(text, "tumour & big\\_vit & cls & linear & auroc & 0.912 $\\pm$ 0.013 & 0.880 [0.800, 0.930] & 40, 80 & 0.953 auroc (SKELEX; fine-tuned, other split; arXiv); 0.5 kappa (B\\_x) \\\\\n");
    assert_text(text, "& NA\\textsuperscript{1} & 80 &  \\\\\n");
    assert_text(text, "\\textsuperscript{1} one class, 100 \\% \\& more\n");
    size_t begun = 0;
    for (const char *c = text; (c = strstr(c, "{longtable}")); c++)
        begun++;
    assert_int_equal(begun, 3); /* its package, begin, end */
    free(text);
    paper_table_free(&t);
}

/* Protocol given alone; the same row twice, or a column too few, is an error. */
static void test_odd(void **state)
{
    (void)state;
    struct paper_table t;
    struct status st;
    assert_int_equal(read_rows(&t, "task,protocol,model,readout,probe,preprocess,precision,partition,metric,n,n_patients,value,low,high,reason\n"
                                   "tumour,given,m,cls,knn,,,test,auroc,8,6,0.5,0.25,0.75,\n", &st), STATUS_OK);
    assert_int_equal(t.n, 1);
    assert_string_equal(t.row[0].cell[PAPER_GIVEN].value, "0.5");
    assert_string_equal(t.row[0].cell[PAPER_GROUPED].value, "");
    paper_table_free(&t);
    assert_int_equal(read_rows(&t, HEADER "s,tumour,grouped,m,cls,knn,,,test,auroc,8,6,0.5,,,,,,,\ns,tumour,grouped,m,cls,knn,,,test,auroc,8,6,0.6,,,,,,,\n", &st),
                     STATUS_DATA);
    assert_text(st.text, "twice (line 3)");
    assert_int_equal(read_rows(&t, "task,model\na,b\n", &st), STATUS_DATA);
    assert_int_equal(read_rows(&t, HEADER, &st), STATUS_OK);
    assert_int_equal(t.n, 0);
    paper_table_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_csv), cmocka_unit_test(test_markdown), cmocka_unit_test(test_latex), cmocka_unit_test(test_odd)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
