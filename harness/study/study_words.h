/* What a study's choices are called in manifests and reports: each list in the
 * order of its enum, NULL behind the last. */
#ifndef STUDY_STUDY_WORDS_H
#define STUDY_STUDY_WORDS_H

extern const char *const STUDY_PROTOCOLS[], *const STUDY_BASELINES[], *const STUDY_PROBES[], *const STUDY_SAVES[],
                  *const STUDY_PREPROCESSES[], *const STUDY_INTERPOLATIONS[], *const STUDY_PRECISIONS[], *const STUDY_BOOTSTRAPS[],
                  *const STUDY_CLUSTERS[], *const STUDY_STRATIFIES[], *const STUDY_PROPORTIONS[], *const STUDY_POLICIES[],
                  *const STUDY_LEAK_POLICIES[], *const STUDY_PARTS[];

#endif
