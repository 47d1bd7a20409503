/* The functions of embedded atoms, e_i = F(sum_j rho(r_ij)) + 1/2 sum_j phi(r_ij): cubics on uniform grids, continued beyond
   them as `atomistic.potentials.splines` says. */
#include <stdint.h>

/* Pieces with the constant term first, in steps of the grid; those of pairs hold rho and r phi, by neighbour and centre. */
typedef struct {
    int64_t kinds, distances, densities;
    double cutoff, distance_step, density_step, limit;
    const double *pairs;     /* (kinds, kinds, distances, 8) */
    const double *embedding; /* (kinds, densities, 4) */
    const double *tails;     /* (kinds,) slopes beyond the limit */
} Tables;

typedef struct { double value, slope, curvature; } Local;

/* The piece of a place in steps; the first below the grid, the last beyond it. */
static inline int64_t piece(double steps, int64_t count)
{
    return steps < count ? (steps > 0 ? (int64_t)steps : 0) : count - 1;
}

static inline double value(const double *c, double t) { return c[0] + t * (c[1] + t * (c[2] + t * c[3])); }
static inline double slope(const double *c, double t) { return c[1] + t * (2 * c[2] + 3 * t * c[3]); }
static inline double bend(const double *c, double t) { return t > 1 ? 0 : 2 * c[2] + 6 * t * c[3]; }

/* F and its derivatives at a density. */
static inline Local embedding(const Tables *f, int64_t kind, double density)
{
    const double steps = density / f->density_step;
    const int64_t k = piece(steps, f->densities);
    const double *c = f->embedding + 4 * (kind * f->densities + k), at = steps - k, t = at > 1 ? 1 : at;
    Local found = {value(c, t), slope(c, t) / f->density_step, bend(c, at) / (f->density_step * f->density_step)};
    if (density > f->limit) found.value += f->tails[kind] * (density - f->limit);
    return found;
}
