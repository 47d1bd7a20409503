/* A crystal of one embedded atom in its cell under homogeneous deformations: the Cauchy-Born energy, its stress and tangent. */
#include "embedded_atom.h"
#include <math.h>
#include <stddef.h>

#define PI 3.14159265358979323846

/* Of a bond: b = F R and its length, and the derivatives of the energy along it. */
typedef struct { const double *vector; double along[3], slope, bend, pair_slope, pair_bend, inverse; } Bond;

/* The least stretch that F gives to any vector: the root of the least eigenvalue of F^T F, in closed form (Smith 1961). */
static double least_stretch(const double *f)
{
    static const int first[6] = {0, 1, 2, 1, 0, 0}, second[6] = {0, 1, 2, 2, 2, 1}; /* xx yy zz yz xz xy */
    double c[6];
    for (int k = 0; k < 6; k++) {
        const int p = first[k], q = second[k];
        c[k] = f[p] * f[q] + f[3 + p] * f[3 + q] + f[6 + p] * f[6 + q];
    }
    const double shift = (c[0] + c[1] + c[2]) / 3;
    const double a = c[0] - shift, b = c[1] - shift, d = c[2] - shift;
    const double spread = sqrt((a * a + b * b + d * d + 2 * (c[3] * c[3] + c[4] * c[4] + c[5] * c[5])) / 6);
    if (!(spread > 0)) return sqrt(shift);
    const double det = a * (b * d - c[3] * c[3]) - c[5] * (c[5] * d - c[3] * c[4]) + c[4] * (c[5] * c[3] - b * c[4]);
    double half = det / (2 * spread * spread * spread);
    half = half > 1 ? 1 : half < -1 ? -1 : half;
    const double least = shift + 2 * spread * cos((acos(half) + 2 * PI) / 3);
    return least > 0 ? sqrt(least) : 0;
}

/* The bonds within the cutoff, their number, and the sums of rho and phi over them; curved: second derivatives, too. */
static int64_t bonds_of(const Tables *f, int64_t kind, const double *gradient, int64_t count, const double *vectors,
                        Bond *bonds, double *density, double *pair, int curved)
{
    const double *table = f->pairs + 8 * (kind * (f->kinds + 1)) * f->distances;
    const double per_step = 1 / f->distance_step, cutoff2 = f->cutoff * f->cutoff;
    int64_t found = 0;
    *density = *pair = 0;
    for (int64_t k = 0; k < count; k++) {
        const double *v = vectors + 3 * k, *g = gradient;
        Bond *one = &bonds[found];
        for (int c = 0; c < 3; c++) one->along[c] = g[3 * c] * v[0] + g[3 * c + 1] * v[1] + g[3 * c + 2] * v[2];
        const double r2 = one->along[0] * one->along[0] + one->along[1] * one->along[1] + one->along[2] * one->along[2];
        if (!(r2 < cutoff2)) continue;
        const double r = sqrt(r2), inverse = 1 / r, steps = r * per_step;
        const int64_t at = piece(steps, f->distances);
        const double *c = table + 8 * at, full = steps - at, t = full > 1 ? 1 : full, energy = value(c + 4, t) * inverse;
        one->vector = v;
        one->inverse = inverse;
        one->slope = slope(c, t) * per_step;
        one->pair_slope = (slope(c + 4, t) * per_step - energy) * inverse;
        if (curved) {
            one->bend = bend(c, full) * per_step * per_step;
            one->pair_bend = (bend(c + 4, full) * per_step * per_step - 2 * one->pair_slope) * inverse;
        }
        *density += value(c, t);
        *pair += energy;
        found++;
    }
    return found;
}

static void add_stress(const Bond *one, double answer, double *stress)
{
    const double tension = (2 * answer * one->slope + one->pair_slope) * one->inverse;
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) stress[3 * i + j] += tension * one->along[i] * one->vector[j];
}

static void add_tangent(const Bond *one, double answer, double *rise, double *tangent)
{
    const double tension = (2 * answer * one->slope + one->pair_slope) * one->inverse;
    const double stiffness = (2 * answer * one->bend + one->pair_bend - tension) * one->inverse * one->inverse;
    double along[9];
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) along[3 * i + j] = one->along[i] * one->vector[j];
    for (int p = 0; p < 9; p++) {
        rise[p] += along[p] * one->slope * one->inverse;
        for (int q = 0; q < 9; q++) tangent[9 * p + q] += along[p] * stiffness * along[q];
    }
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            for (int m = 0; m < 3; m++) tangent[9 * (3 * i + j) + 3 * i + m] += tension * one->vector[j] * one->vector[m];
}

/* Energies (n,), their derivatives by F (n, 9) and, unless NULL, second derivatives (n, 81), all zero before.

   gradients: (n, 9) F; vectors: (count, 3) lattice vectors, one of each pair R, -R, by their lengths (count,), which rise;
   bonds: room for as many. Returns the least stretch of all F; what is compressed to less than the inverse of how far the
   vectors reach, in cutoffs, lacks bonds. */
double crystal_sums(const Tables *f, int64_t kind, int64_t n, const double *gradients, int64_t count, const double *vectors,
                    const double *lengths, Bond *bonds, double *energies, double *stresses, double *tangents)
{
    double shortest = 1;
    for (int64_t k = 0; k < n; k++) {
        double density, pair, rise[9] = {0};
        const double stretch = least_stretch(gradients + 9 * k);
        if (!(stretch >= 0)) { /* no numbers in, none out */
            energies[k] = NAN;
            for (int p = 0; p < 9; p++) stresses[9 * k + p] = NAN;
            for (int p = 0; tangents && p < 81; p++) tangents[81 * k + p] = NAN;
            continue;
        }
        int64_t reached = 0;
        while (reached < count && lengths[reached] * stretch < f->cutoff * (1 + 1e-6)) reached++;
        shortest = stretch < shortest ? stretch : shortest;
        const int64_t found = bonds_of(f, kind, gradients + 9 * k, reached, vectors, bonds, &density, &pair, tangents != NULL);
        const Local site = embedding(f, kind, 2 * density);
        energies[k] = site.value + pair;
        for (int64_t b = 0; b < found; b++) {
            add_stress(&bonds[b], site.slope, stresses + 9 * k);
            if (tangents) add_tangent(&bonds[b], site.slope, rise, tangents + 81 * k);
        }
        if (tangents)
            for (int p = 0; p < 9; p++)
                for (int q = 0; q < 9; q++) tangents[81 * k + 9 * p + q] += 4 * site.curvature * rise[p] * rise[q];
    }
    return shortest;
}

/* Of one of the bonds that `crystal_sums` needs room for. */
int64_t bond_bytes(void) { return sizeof(Bond); }
