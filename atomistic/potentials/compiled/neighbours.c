/* All pairs of atoms nearer than a reach, each once, in any cell: by bins, in a time that grows as the number of atoms.

   A pair is (i, j, image): its vector is x[j] - x[i] + image . cell, with x as given and not wrapped. It is listed with the
   lesser of its atoms; of an atom and its own image, one of either sign. Rows are sorted by j and then by image, so that sums
   over the pairs within a cutoff are in an order that neither the reach nor the bins change. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct { int32_t other, image; } Pair;
typedef struct { int64_t of[3]; } Image;

/* Distinct images, found by their numbers. */
typedef struct { Image *all; int32_t *slots; int64_t count, capacity, size; int32_t last; } Images;

static int images_begin(Images *m)
{
    m->count = 0; m->capacity = 64; m->size = 256; m->last = -1;
    m->all = malloc(m->capacity * sizeof *m->all);
    m->slots = malloc(m->size * sizeof *m->slots);
    if (!m->all || !m->slots) return -1;
    memset(m->slots, 0xff, m->size * sizeof *m->slots);
    return 0;
}

static uint64_t hashed(const Image *one)
{
    uint64_t h = 1469598103934665603u;
    for (int d = 0; d < 3; d++) { h ^= (uint64_t)one->of[d]; h *= 1099511628211u; h ^= h >> 29; }
    return h;
}

static int images_grow(Images *m)
{
    Image *all = realloc(m->all, 2 * m->capacity * sizeof *all);
    if (!all) return -1;
    m->all = all; m->capacity *= 2;
    int32_t *slots = malloc(2 * m->size * sizeof *slots);
    if (!slots) return -1;
    free(m->slots); m->slots = slots; m->size *= 2;
    memset(slots, 0xff, m->size * sizeof *slots);
    for (int64_t k = 0; k < m->count; k++) {
        uint64_t at = hashed(&m->all[k]) & (m->size - 1);
        while (slots[at] >= 0) at = (at + 1) & (m->size - 1);
        slots[at] = (int32_t)k;
    }
    return 0;
}

static int is_equal(const Image *a, const Image *b)
{
    return a->of[0] == b->of[0] && a->of[1] == b->of[1] && a->of[2] == b->of[2];
}

/* The number of an image; -1 without memory. */
static int32_t numbered(Images *m, const Image *one)
{
    if (m->last >= 0 && is_equal(&m->all[m->last], one)) return m->last;
    uint64_t at = hashed(one) & (m->size - 1);
    while (m->slots[at] >= 0) {
        if (is_equal(&m->all[m->slots[at]], one)) return m->last = m->slots[at];
        at = (at + 1) & (m->size - 1);
    }
    if (m->count == m->capacity) {
        if (images_grow(m)) return -1;
        at = hashed(one) & (m->size - 1);
        while (m->slots[at] >= 0) at = (at + 1) & (m->size - 1);
    }
    m->all[m->count] = *one;
    m->slots[at] = (int32_t)m->count;
    return m->last = (int32_t)m->count++;
}

/* Whether the first of two pairs of an atom comes first. */
static int is_before(Pair a, Pair b, const Image *images)
{
    if (a.other != b.other) return a.other < b.other;
    const int64_t *p = images[a.image].of, *q = images[b.image].of;
    for (int d = 0; d < 3; d++) if (p[d] != q[d]) return p[d] < q[d];
    return 0;
}

static void sort_row(Pair *row, int64_t count, const Image *images)
{
    for (int64_t k = 1; k < count; k++) {
        Pair one = row[k];
        int64_t at = k;
        for (; at > 0 && is_before(one, row[at - 1], images); at--) row[at] = row[at - 1];
        row[at] = one;
    }
}

/* Bins along the cell's vectors, and the atoms in each, wrapped into the cell where it is periodic. */
typedef struct {
    int64_t count[3], search[3], total, *begin;
    double low[3], scale[3];
    struct Member { double y[3]; int64_t atom; } *members;
    struct Home { double y[3]; int64_t wrap[3], bin[3]; } *homes;
} Bins;

static void divide(Bins *b, int64_t n, const double *fraction_low, const double *fraction_high, const double *inverse,
                   const uint8_t *pbc, double reach)
{
    double height[3];
    for (int d = 0; d < 3; d++) {
        double norm = sqrt(inverse[d] * inverse[d] + inverse[3 + d] * inverse[3 + d] + inverse[6 + d] * inverse[6 + d]);
        double extent = pbc[d] ? 1.0 : fraction_high[d] - fraction_low[d];
        height[d] = extent / norm;
        b->low[d] = pbc[d] ? 0.0 : fraction_low[d];
        b->count[d] = height[d] / reach < 1.0 ? 1 : height[d] / reach < 1e6 ? (int64_t)(height[d] / reach) : 1000000;
    }
    while ((double)b->count[0] * b->count[1] * b->count[2] > 4.0 * n + 64.0) { /* vacuum needs no finer bins */
        int widest = b->count[0] >= b->count[1] ? 0 : 1;
        if (b->count[2] > b->count[widest]) widest = 2;
        b->count[widest] = (b->count[widest] + 1) / 2;
    }
    for (int d = 0; d < 3; d++) {
        double extent = pbc[d] ? 1.0 : fraction_high[d] - fraction_low[d];
        b->scale[d] = extent > 0 ? b->count[d] / extent : 0.0;
        b->search[d] = !pbc[d] && b->count[d] == 1 ? 0 : (int64_t)ceil(reach * b->count[d] / height[d]);
    }
    b->total = b->count[0] * b->count[1] * b->count[2];
}

static int fill(Bins *b, int64_t n, const double *x, const double *cell, const double *inverse, const uint8_t *pbc, double reach)
{
    double low[3] = {INFINITY, INFINITY, INFINITY}, high[3] = {-INFINITY, -INFINITY, -INFINITY};
    for (int64_t i = 0; i < n; i++)
        for (int d = 0; d < 3; d++) {
            double f = x[3 * i] * inverse[d] + x[3 * i + 1] * inverse[3 + d] + x[3 * i + 2] * inverse[6 + d];
            b->homes[i].y[d] = f;
            low[d] = f < low[d] ? f : low[d];
            high[d] = f > high[d] ? f : high[d];
        }
    divide(b, n, low, high, inverse, pbc, reach);
    b->begin = calloc(b->total + 1, sizeof *b->begin);
    if (!b->begin) return -1;
    for (int64_t i = 0; i < n; i++) {
        struct Home *home = &b->homes[i];
        for (int d = 0; d < 3; d++) {
            double turns = pbc[d] ? floor(home->y[d]) : 0.0;
            int64_t bin = (int64_t)((home->y[d] - turns - b->low[d]) * b->scale[d]);
            home->wrap[d] = (int64_t)turns;
            home->bin[d] = bin < 0 ? 0 : bin >= b->count[d] ? b->count[d] - 1 : bin;
        }
        for (int c = 0; c < 3; c++)
            home->y[c] = x[3 * i + c] - (home->wrap[0] * cell[c] + home->wrap[1] * cell[3 + c] + home->wrap[2] * cell[6 + c]);
        b->begin[(home->bin[0] * b->count[1] + home->bin[1]) * b->count[2] + home->bin[2]]++;
    }
    for (int64_t k = 1; k <= b->total; k++) b->begin[k] += b->begin[k - 1]; /* the ends, which filling turns into beginnings */
    for (int64_t i = n - 1; i >= 0; i--) {
        const struct Home *home = &b->homes[i];
        struct Member *one = &b->members[--b->begin[(home->bin[0] * b->count[1] + home->bin[1]) * b->count[2] + home->bin[2]]];
        memcpy(one->y, home->y, sizeof one->y);
        one->atom = i;
    }
    return 0;
}

/* The bin so many bins away along one direction and the image of the cell that it is in; 0 where there is none. */
static int step(const Bins *b, const uint8_t *pbc, int d, int64_t from, int64_t *bin, int64_t *image)
{
    *image = 0; *bin = from;
    if (from >= 0 && from < b->count[d]) return 1;
    if (!pbc[d]) return 0;
    *image = from >= 0 ? from / b->count[d] : -((-from + b->count[d] - 1) / b->count[d]);
    *bin = from - *image * b->count[d];
    return 1;
}

typedef struct { Pair *pairs; int64_t found, capacity; const uint8_t *counted; double reach2; Images images; } Search;

/* Add the pairs of an atom with the later members of a bin in an image of the cell. */
static int scan(Search *s, const Bins *b, int64_t i, int64_t bin, const int64_t *image, const double *shift)
{
    const struct Home *home = &b->homes[i];
    const double from[3] = {home->y[0] - shift[0], home->y[1] - shift[1], home->y[2] - shift[2]};
    const int away = image[0] ? image[0] > 0 : image[1] ? image[1] > 0 : image[2] > 0;
    for (int64_t k = b->begin[bin]; k < b->begin[bin + 1]; k++) {
        const struct Member *one = &b->members[k];
        if (one->atom < i || (one->atom == i && !away)) continue;
        const double u = one->y[0] - from[0], v = one->y[1] - from[1], w = one->y[2] - from[2];
        if (!(u * u + v * v + w * w < s->reach2) || (s->counted && !(s->counted[i] | s->counted[one->atom]))) continue;
        if (s->found < s->capacity) {
            const int64_t *back = b->homes[one->atom].wrap;
            Image between;
            for (int d = 0; d < 3; d++) between.of[d] = image[d] + home->wrap[d] - back[d];
            int32_t number = numbered(&s->images, &between);
            if (number < 0) return -1;
            s->pairs[s->found].other = (int32_t)one->atom;
            s->pairs[s->found].image = number;
        }
        s->found++;
    }
    return 0;
}

static int search_around(Search *s, const Bins *b, int64_t i, const double *cell, const uint8_t *pbc)
{
    const int64_t *home = b->homes[i].bin;
    int64_t bin[3], image[3];
    for (int64_t p = -b->search[0]; p <= b->search[0]; p++) {
        if (!step(b, pbc, 0, home[0] + p, &bin[0], &image[0])) continue;
        for (int64_t q = -b->search[1]; q <= b->search[1]; q++) {
            if (!step(b, pbc, 1, home[1] + q, &bin[1], &image[1])) continue;
            for (int64_t r = -b->search[2]; r <= b->search[2]; r++) {
                if (!step(b, pbc, 2, home[2] + r, &bin[2], &image[2])) continue;
                double shift[3];
                for (int c = 0; c < 3; c++) shift[c] = image[0] * cell[c] + image[1] * cell[3 + c] + image[2] * cell[6 + c];
                if (scan(s, b, i, (bin[0] * b->count[1] + bin[1]) * b->count[2] + bin[2], image, shift)) return -1;
            }
        }
    }
    return 0;
}

/* List the pairs of n atoms x in a cell with its inverse (vectors in rows), of which some may not be periodic.

   counted: (n,) or NULL for all; a pair is listed if either of its atoms counts.
   begin:   (n + 1,) where each atom's row begins.
   pairs:   room for as many as capacity; images: for as many as image_capacity.
   Returns the number of pairs, and in image_count that of images: where one exceeds its room, the lists are not whole and must
   be asked for again with more of it. -1 without memory. */
int64_t list_pairs(int64_t n, const double *x, const double *cell, const double *inverse, const uint8_t *pbc,
                   const uint8_t *counted, double reach, int64_t *begin, int64_t capacity, Pair *pairs,
                   int64_t image_capacity, Image *images, int64_t *image_count)
{
    Bins b = {.begin = NULL};
    Search s = {.pairs = pairs, .capacity = capacity, .counted = counted, .reach2 = reach * reach};
    int64_t result = -1;
    b.members = malloc(n * sizeof *b.members);
    b.homes = malloc(n * sizeof *b.homes);
    if (images_begin(&s.images) || !b.members || !b.homes || fill(&b, n, x, cell, inverse, pbc, reach)) goto end;
    for (int64_t i = 0; i < n; i++) {
        begin[i] = s.found;
        if (search_around(&s, &b, i, cell, pbc)) goto end;
        if (s.found <= capacity) sort_row(pairs + begin[i], s.found - begin[i], s.images.all);
    }
    begin[n] = result = s.found;
    *image_count = s.images.count;
    memcpy(images, s.images.all, (s.images.count < image_capacity ? s.images.count : image_capacity) * sizeof *images);
end:
    free(b.begin); free(b.members); free(b.homes); free(s.images.all); free(s.images.slots);
    return result;
}

/* The square of the longest way of an atom from where it was listed: x - listed . turn, turn (3, 3). */
double longest_way(int64_t n, const double *x, const double *listed, const double *turn, double enough)
{
    double longest = 0;
    for (int64_t i = 0; i < n && longest <= enough; i++) {
        const double *p = listed + 3 * i;
        double way = 0;
        for (int c = 0; c < 3; c++) {
            double u = x[3 * i + c] - (p[0] * turn[c] + p[1] * turn[3 + c] + p[2] * turn[6 + c]);
            way += u * u;
        }
        longest = way > longest ? way : longest;
    }
    return longest;
}
