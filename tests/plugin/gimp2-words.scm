; SPDX-License-Identifier: LGPL-3.0-or-later
; The words of gimp-rows.scm in which GIMP 2.10 differs from GIMP 3.0.

(define (open-picture name)
  (car (gimp-file-load RUN-NONINTERACTIVE (string-append folder "/" name) name)))

(define (only-layer image) (car (gimp-image-get-active-layer image)))

(define (layers image) (vector->list (cadr (gimp-image-get-layers image))))

(define (save image drawable name)
  (file-png-save2 RUN-NONINTERACTIVE image drawable (string-append folder "/" name) name 0 1 0 0 0 0 0 0 1))

; The layer with the result, or -1 after an error, which GIMP has written to standard error.
(define (translate-so image drawable model mode size detail apply-what strength output)
  (catch -1 (car (plug-in-cyclegan-translate RUN-NONINTERACTIVE image drawable model mode size detail apply-what
                                             strength output))))

; The plug-in itself checks values, and keeps those of the last time.
(define version 2)

(define (translate-again image drawable)
  (plug-in-cyclegan-translate RUN-WITH-LAST-VALS image drawable "" 2 16 0 2 0 0))

(define (offsets layer) (gimp-drawable-offsets layer))
(define (width layer) (car (gimp-drawable-width layer)))
(define (height layer) (car (gimp-drawable-height layer)))
(define (new-group image) (car (gimp-layer-group-new image)))
(define (new-channel image name) (car (gimp-channel-new image 48 36 name 50 '(0 0 0))))
(define PRECISION-U16-NON-LINEAR PRECISION-U16-GAMMA)
(define (dirt image) (car (gimp-image-is-dirty image)))
(define (live-rows) #t)
(define (several-rows) #t)
