/* What a study may choose about its intervals (study/study.h); interval/estimates.h acts on it. */
#ifndef METRIC_INTERVAL_CHOICE_H
#define METRIC_INTERVAL_CHOICE_H

enum bootstrap_method {
    BOOTSTRAP_PERCENTILE,
    BOOTSTRAP_BCA,  /* needs many replicates: its quantiles lie further out */
    BOOTSTRAP_BASIC /* only where it is asked for: covers badly near the end of a scale */
};
enum bootstrap_cluster {
    CLUSTER_PATIENT, /* all images of a patient are drawn together */
    CLUSTER_IMAGE    /* each image by itself, as if it were independent of the patient's others */
};
enum bootstrap_stratify {
    STRATIFY_AUTO,  /* by class where a class has fewer than STRATIFY_BELOW patients, else not */
    STRATIFY_CLASS, /* as many patients of each class as the sample has */
    STRATIFY_NONE
};
enum proportion_method { PROPORTION_WILSON, PROPORTION_CLOPPER_PEARSON };

#define STRATIFY_BELOW 20
#define BCA_REPLICATES 5000 /* the fewest */

#endif
