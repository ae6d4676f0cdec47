-- Near duplicates of a whole corpus, by the signatures of its texts. For DuckDB 1.3 or later, in a
-- database that has none of these tables yet.
--
-- In:  signature     the table that `nordcrawl signatures` writes
-- Out: near_pair     pairs of articles whose texts are nearly the same, and how nearly
--      near_cluster  which articles hang together by such pairs, or by the very same text
--      left_out      bands that more articles have than are compared: forms, such as weather reports
--
-- The rule and the numbers are those of nordcrawl.model.signature, and its tests hold them against
-- it: two texts are compared where they share a band, and are near from a similarity of 0.4 on.
-- 65535 stands in a bin that is empty. A band that more than 50 articles have is left out.

-- Numbers in place of ids: what is joined and grouped below stays small.
CREATE TABLE article AS
SELECT row_number() OVER () AS n, article_id, text_sha256, bins, bands FROM signature;

CREATE VIEW banded AS SELECT n, unnest(bands) AS band FROM article;

CREATE TABLE shared AS
SELECT band, count(*) AS articles FROM banded GROUP BY band HAVING count(*) > 1;

CREATE TABLE left_out AS SELECT band, articles FROM shared WHERE articles > 50;

-- Most bands are one article's alone, so what is joined with itself is small.
CREATE TABLE kept AS
SELECT banded.n, banded.band FROM banded JOIN shared ON banded.band = shared.band
WHERE shared.articles <= 50;

CREATE TABLE candidate AS
SELECT DISTINCT a.n AS one, b.n AS other FROM kept AS a JOIN kept AS b ON a.band = b.band
WHERE a.n < b.n;

CREATE MACRO agreeing(a, b) AS  -- bins
    len(list_filter(list_zip(a, b), lambda x: x[1] = x[2] AND x[1] <> 65535));
CREATE MACRO counting(a, b) AS  -- bins that are not empty in both
    len(list_filter(list_zip(a, b), lambda x: x[1] <> 65535 OR x[2] <> 65535));

CREATE TABLE near AS
SELECT one, other, similarity FROM (
    SELECT one, other, agreeing(a.bins, b.bins) / nullif(counting(a.bins, b.bins), 0) AS similarity
    FROM candidate JOIN article AS a ON a.n = one JOIN article AS b ON b.n = other
) AS compared
WHERE similarity >= CAST(0.4 AS DOUBLE);

CREATE VIEW near_pair AS
SELECT least(a.article_id, b.article_id) AS article_id,
    greatest(a.article_id, b.article_id) AS other_id, similarity
FROM near JOIN article AS a ON a.n = one JOIN article AS b ON b.n = other;

-- The very same text hangs together whatever was left out.
CREATE TABLE edge AS
WITH same AS (
    SELECT text_sha256, min(n) AS first FROM article GROUP BY text_sha256 HAVING count(*) > 1
), joined AS (
    SELECT one, other FROM near
    UNION SELECT first, n FROM same JOIN article ON same.text_sha256 = article.text_sha256
    WHERE first < n
)
SELECT one, other FROM joined UNION ALL SELECT other, one FROM joined;

-- Connected components: each article takes the least number among its neighbours', until none
-- changes: as many rounds as the longest chain has links. USING KEY keeps one row an article.
CREATE TABLE component AS
WITH RECURSIVE label(n, least) USING KEY (n) AS (
    SELECT DISTINCT one, one FROM edge
    UNION
    SELECT other, min(label.least)
    FROM label JOIN edge ON one = label.n JOIN recurring.label AS before ON before.n = other
    GROUP BY other HAVING min(label.least) < min(before.least)
)
SELECT n, least FROM label;

CREATE VIEW near_cluster AS
SELECT min(article_id) OVER (PARTITION BY least) AS cluster_id, article_id,
    count(*) OVER (PARTITION BY least) AS articles
FROM component JOIN article ON article.n = component.n;
