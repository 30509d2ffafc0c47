/* SPDX-License-Identifier: BSD-3-Clause */
#include "text.h"

#include "internal.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

/* The texts that were made of one picture: attached to it, freed with it. */
struct texts {
	struct slot {
		pthread_mutex_t lock; /* held while the text is made */
		struct text *text;    /* NULL until then; does not change afterwards */
	} slots[TEXT_KINDS_MAX][SIDES][WINDOWS];
};

static void *
texts_create(void)
{
	struct texts *texts = calloc(1, sizeof(*texts));

	for (int k = 0; texts != NULL && k < TEXT_KINDS_MAX; k++) {
		for (int i = 0; i < SIDES * WINDOWS; i++)
			pthread_mutex_init(&texts->slots[k][i / WINDOWS][i % WINDOWS].lock, NULL);
	}
	return texts;
}

void
text_free(struct text *text)
{
	if (text == NULL || atomic_fetch_sub(&text->references, 1) > 0)
		return;
	free(text->plain);
	free(text->gzip);
	free(text);
}

static void
texts_destroy(void *attachment)
{
	struct texts *texts = attachment;

	for (int k = 0; k < TEXT_KINDS_MAX; k++) {
		for (int i = 0; i < SIDES * WINDOWS; i++) {
			struct slot *slot = &texts->slots[k][i / WINDOWS][i % WINDOWS];

			text_free(slot->text);
			pthread_mutex_destroy(&slot->lock);
		}
	}
	free(texts);
}

static int
encode(struct picture *picture, const struct text_format *format, struct view view,
       struct buffer *b)
{
	struct picture_window w;

	if (format->of_points == NULL)
		return format->of_picture(picture, view, b);
	const int error = picture_get_window(picture, view, &w);
	return error != 0 ? error : format->of_points(&w, b);
}

/* NULL with errno. */
static struct text *
text_create(struct picture *picture, enum text_kind kind, struct view view)
{
	const struct text_format *format = text_format(kind);
	const struct picture_facts *facts = picture_facts(picture);
	struct text *text = calloc(1, sizeof(*text));
	struct buffer b = {0};

	if (text == NULL)
		return NULL;
	int error = encode(picture, format, view, &b);
	if (error != 0) {
		buffer_free(&b);
		free(text);
		errno = -error;
		return NULL;
	}
	text->plain = b.data;
	text->length = b.length;
	/* start, period and page: the three things that a text depends on */
	snprintf(text->etag, sizeof(text->etag), "%llx-%llu-%c%d%.1s-%.12s",
		 (unsigned long long)facts->sums.started_ms,
		 (unsigned long long)facts->record.number, format->letter, view.window,
		 view.side == SIDE_ALL ? "" : side_names[view.side], facts->ui_build);
	/* level 1: a text lives for one period; at 100,000 places level 6 takes several times as
	 * long for a fifth fewer octets on a link that is local */
	text_compress(text, 1);
	return text;
}

static struct text *
get(struct picture *picture, enum text_kind kind, struct view view)
{
	struct texts *texts = picture_attachment(picture, texts_create, texts_destroy);

	if (texts == NULL)
		return NULL;
	if (!text_format(kind)->by_view)
		view = all_of(0);
	struct slot *slot = &texts->slots[kind][view.side][view.window];
	pthread_mutex_lock(&slot->lock);
	if (slot->text == NULL)
		slot->text = text_create(picture, kind, view);
	struct text *text = slot->text;
	pthread_mutex_unlock(&slot->lock);
	return text;
}

const struct text *
text_get(struct picture *picture, enum text_kind kind, struct view view)
{
	return get(picture, kind, view);
}

struct text *
text_take(struct picture *picture, enum text_kind kind, struct view view)
{
	struct text *text = get(picture, kind, view);

	if (text != NULL)
		atomic_fetch_add(&text->references, 1);
	return text;
}
