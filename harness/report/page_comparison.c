/* The page's part on what is significantly better than what. */
#include "report/page.h"

void page_comparison(const struct page *p)
{
    fputs("<section id=comparison><h2>What is better than what</h2>\n", p->f);
    page_plain_table(p, FOLDER_COMPARE, NULL, NULL);
    if (folder_has(p->folder, FOLDER_RANKS)) {
        fputs("<h3>Ranks over tasks</h3>\n", p->f);
        page_plain_table(p, FOLDER_RANKS, NULL, NULL);
    }
    fputs("</section>\n", p->f);
}
