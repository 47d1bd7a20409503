/* Sums of embedded atoms over a list of pairs: energies of sites, forces, virial. */
#include "embedded_atom.h"
#include <math.h>
#include <stddef.h>

typedef struct { int32_t other, image; } Pair; /* as in neighbours.c */

/* Of a pair within the cutoff: what its derivatives need once the densities are known, over its distance. */
typedef struct { int32_t other, image; double to_first, to_second, pair; } Close;

typedef struct { int64_t first, second; double distance2; } Nearest;

typedef struct {
    int64_t atoms;
    const double *x;
    const int32_t *kinds;
    const int64_t *begin;
    const Pair *pairs;
    const double *shifts;
    const double *weights; /* NULL for one each */
    double *density, *stiffness, *sites;
    Close *close;
    int64_t *close_begin;
} Sums;

/* Densities, energies of pairs at their sites, and slopes. Inlined for each value of the flags. */
static inline __attribute__((always_inline)) double gather(const Tables *f, const Sums *s, Nearest *nearest, int alike)
{
    const double cutoff2 = f->cutoff * f->cutoff, per_step = 1 / f->distance_step;
    double pairs = 0;
    int64_t at = 0;
    nearest->distance2 = INFINITY;
    for (int64_t i = 0; i < s->atoms; i++) {
        const double x = s->x[3 * i], y = s->x[3 * i + 1], z = s->x[3 * i + 2];
        const int64_t kind = alike ? 0 : s->kinds[i];
        double density = 0, half = 0;
        s->close_begin[i] = at;
        for (int64_t p = s->begin[i]; p < s->begin[i + 1]; p++) {
            const int64_t j = s->pairs[p].other;
            const double *to = s->x + 3 * j, *shift = s->shifts + 3 * s->pairs[p].image;
            const double u = to[0] - x + shift[0], v = to[1] - y + shift[1], w = to[2] - z + shift[2];
            const double r2 = u * u + v * v + w * w;
            if (!(r2 < cutoff2)) continue;
            if (r2 < nearest->distance2) { nearest->distance2 = r2; nearest->first = i; nearest->second = j; }
            const double r = sqrt(r2), steps = r * per_step, inverse = 1 / r;
            const int64_t k = piece(steps, f->distances), other = alike ? 0 : s->kinds[j];
            const double t = steps - k > 1 ? 1 : steps - k;
            const int64_t table = alike ? (int64_t)s->kinds[0] * (f->kinds + 1) : other * f->kinds + kind;
            const double *c = f->pairs + 8 * (table * f->distances + k);
            const double *back = alike ? c : f->pairs + 8 * ((kind * f->kinds + other) * f->distances + k);
            const double energy = value(c + 4, t) * inverse;
            Close *one = &s->close[at++];
            one->other = s->pairs[p].other;
            one->image = s->pairs[p].image;
            one->to_first = slope(c, t) * per_step * inverse;
            one->pair = (slope(c + 4, t) * per_step - energy) * inverse * inverse;
            density += value(c, t);
            one->to_second = alike ? one->to_first : slope(back, t) * per_step * inverse;
            s->density[j] += alike ? value(c, t) : value(back, t);
            half += 0.5 * energy;
            if (s->sites) s->sites[j] += 0.5 * energy;
        }
        s->density[i] += density;
        if (s->sites) s->sites[i] += half;
        pairs += 2 * half;
    }
    s->close_begin[s->atoms] = at;
    return pairs;
}

/* Forces, and the virial if its place is given: -dE/dx and sum of (x_j - x_i) dE/d(x_j - x_i). */
static inline __attribute__((always_inline)) void scatter(const Sums *s, double *forces, double *virial, int weighted)
{
    double xx = 0, yy = 0, zz = 0, yz = 0, xz = 0, xy = 0;
    for (int64_t i = 0; i < s->atoms; i++) {
        const double x = s->x[3 * i], y = s->x[3 * i + 1], z = s->x[3 * i + 2], stiff = s->stiffness[i];
        double fx = 0, fy = 0, fz = 0;
        for (int64_t p = s->close_begin[i]; p < s->close_begin[i + 1]; p++) {
            const Close *one = &s->close[p];
            const int64_t j = one->other;
            const double *to = s->x + 3 * j, *shift = s->shifts + 3 * one->image;
            const double u = to[0] - x + shift[0], v = to[1] - y + shift[1], w = to[2] - z + shift[2];
            const double share = weighted ? 0.5 * (s->weights[i] + s->weights[j]) : 1.0;
            const double pull = stiff * one->to_first + s->stiffness[j] * one->to_second + share * one->pair;
            const double a = pull * u, b = pull * v, c = pull * w;
            fx += a; fy += b; fz += c;
            forces[3 * j] -= a; forces[3 * j + 1] -= b; forces[3 * j + 2] -= c;
            xx += a * u; yy += b * v; zz += c * w; yz += b * w; xz += a * w; xy += a * v;
        }
        forces[3 * i] += fx; forces[3 * i + 1] += fy; forces[3 * i + 2] += fz;
    }
    if (virial) { virial[0] = xx; virial[1] = yy; virial[2] = zz; virial[3] = yz; virial[4] = xz; virial[5] = xy; }
}

/* The energy, the forces, the virial (order xx yy zz yz xz xy, or NULL) and the shortest distance.

   Where atoms are weighted it is the sum of w_i e_i; site energies of weight zero are then not whole, and not counted.
   Density, sites and forces must be zero before. */
double embedded_sums(const Tables *f, const Sums *s, double *forces, double *virial, Nearest *nearest)
{
    int alike = 1;
    for (int64_t i = 1; i < s->atoms && alike; i++) alike = s->kinds[i] == s->kinds[0];
    double energy = alike ? gather(f, s, nearest, 1) : gather(f, s, nearest, 0);
    if (s->weights) energy = 0;
    for (int64_t i = 0; i < s->atoms; i++) {
        const double weight = s->weights ? s->weights[i] : 1.0;
        if (weight == 0) { s->stiffness[i] = 0; if (s->sites) s->sites[i] = 0; continue; }
        const Local site = embedding(f, s->kinds[i], s->density[i]);
        s->stiffness[i] = weight * site.slope;
        if (s->sites) s->sites[i] += site.value;
        energy += s->weights ? weight * s->sites[i] : site.value;
    }
    if (s->weights) scatter(s, forces, virial, 1); else scatter(s, forces, virial, 0);
    return energy;
}
